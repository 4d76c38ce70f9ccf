-- What a logout message ended is told to the orgs of the sessions. A session whose own id at the identity provider is unknown is meant by a
-- message that names its person, whatever session that names besides.
do $$
declare
  lent boolean := not pg_has_role(current_user, 'gatehouse_definer', 'usage');
begin
  if lent then
    execute format('grant gatehouse_definer to %I', current_user);
  end if;
  grant create on schema public to gatehouse_definer;

  drop function revoke_sessions_of(text, text, text, timestamptz);
  create function revoke_sessions_of(wanted_issuer text, wanted_subject text, wanted_idp_session text, opened_before timestamptz)
    returns table (org_uid text, uid text, user_uid text)
    language sql security definer set search_path = pg_catalog, pg_temp
    as $f$
    update public.sessions s set revoked_at = now()
    where s.issuer = wanted_issuer and s.revoked_at is null and s.created_at < opened_before
      and (wanted_subject is not null or wanted_idp_session is not null)
      and (wanted_subject is null or s.subject = wanted_subject)
      and (wanted_idp_session is null or s.idp_session = wanted_idp_session or s.idp_session is null and wanted_subject is not null)
    returning s.org_uid::text, s.uid::text, s.user_uid::text
  $f$;
  alter function revoke_sessions_of(text, text, text, timestamptz) owner to gatehouse_definer;
  revoke execute on function revoke_sessions_of(text, text, text, timestamptz) from public;
  grant execute on function revoke_sessions_of(text, text, text, timestamptz) to gatehouse_app;

  revoke create on schema public from gatehouse_definer;
  if lent then
    execute format('revoke gatehouse_definer from %I', current_user);
  end if;
end
$$;
