-- A logout message of an identity provider ends the sessions opened before it was sent, and no later one: so a message that is
-- replayed does no harm.

do $$
declare
  lent boolean;
begin
  -- Only a member of a role may take or give its functions; the membership ends with this block.
  lent := not pg_has_role(current_user, 'gatehouse_definer', 'usage');
  if lent then
    execute format('grant gatehouse_definer to %I', current_user);
  end if;
  drop function revoke_sessions_of(text, text, text);
  if lent then
    execute format('revoke gatehouse_definer from %I', current_user);
  end if;
end
$$;

create function revoke_sessions_of(
  wanted_issuer text, wanted_subject text, wanted_idp_session text, opened_before timestamptz) returns int
  language sql security definer set search_path = pg_catalog, pg_temp
  as $$
    with done as (
      update public.sessions s set revoked_at = now()
      where s.issuer = wanted_issuer and s.revoked_at is null and s.created_at < opened_before
        and (wanted_subject is not null or wanted_idp_session is not null)
        and (wanted_subject is null or s.subject = wanted_subject)
        and (wanted_idp_session is null or s.idp_session = wanted_idp_session)
      returning 1)
    select count(*)::int from done
  $$;

do $$
declare
  f regprocedure := 'revoke_sessions_of(text, text, text, timestamptz)';
  lent boolean;
begin
  lent := not pg_has_role(current_user, 'gatehouse_definer', 'usage');
  if lent then
    execute format('grant gatehouse_definer to %I', current_user);
  end if;
  grant create on schema public to gatehouse_definer;
  execute format('alter function %s owner to gatehouse_definer', f);
  execute format('revoke execute on function %s from public', f);
  execute format('grant execute on function %s to gatehouse_app', f);
  revoke create on schema public from gatehouse_definer;
  if lent then
    execute format('revoke gatehouse_definer from %I', current_user);
  end if;
end
$$;
