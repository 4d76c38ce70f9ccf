-- When a session ends, for the page that warns before it does, and a use of it written at once, for the button that extends it.

create function session_ends(wanted text)
  returns table (uid text, idle_ends_at timestamptz, ends_at timestamptz)
  language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$
    select s.uid, s.last_seen_at + s.idle_timeout, s.expires_at
    from public.sessions s join public.users u on u.uid = s.user_uid
    where s.hash = wanted and s.revoked_at is null and not u.disabled
      and least(s.expires_at, s.last_seen_at + s.idle_timeout) > now()
  $$;

create function extend_session(wanted text) returns boolean
  language sql security definer set search_path = pg_catalog, pg_temp
  as $$
    with done as (
      update public.sessions s set last_seen_at = greatest(s.last_seen_at, now())
      where s.hash = wanted and s.revoked_at is null
        and least(s.expires_at, s.last_seen_at + s.idle_timeout) > now()
      returning 1)
    select exists (select from done)
  $$;

do $$
declare
  f regprocedure;
  lent boolean;
begin
  lent := not pg_has_role(current_user, 'gatehouse_definer', 'usage');
  if lent then
    execute format('grant gatehouse_definer to %I', current_user);
  end if;
  grant create on schema public to gatehouse_definer;
  foreach f in array array['session_ends(text)', 'extend_session(text)']::regprocedure[]
  loop
    execute format('alter function %s owner to gatehouse_definer', f);
    execute format('revoke execute on function %s from public', f);
    execute format('grant execute on function %s to gatehouse_app', f);
  end loop;
  revoke create on schema public from gatehouse_definer;
  if lent then
    execute format('revoke gatehouse_definer from %I', current_user);
  end if;
end
$$;
