-- A session belongs to a person, and counts in every org they came to, whichever of them it is kept in: each of these orgs sees and ends it.
do $$
declare
  lent boolean := not pg_has_role(current_user, 'gatehouse_definer', 'usage');
begin
  if lent then
    execute format('grant gatehouse_definer to %I', current_user);
  end if;
  grant create on schema public to gatehouse_definer;

  create function came_to(wanted_org text, wanted_user text) returns boolean
    language sql stable security definer set search_path = pg_catalog, pg_temp
    as $f$
    select exists (select from public.memberships m where m.org_uid = wanted_org and m.user_uid = wanted_user)
      and not exists (select from public.invitations i where i.org_uid = wanted_org and i.user_uid = wanted_user)
  $f$;
  alter function came_to(text, text) owner to gatehouse_definer;
  revoke execute on function came_to(text, text) from public;

  create function member_sessions(wanted_user text)
    returns table (uid text, org_uid text, user_uid text, address text, user_agent text, created_at timestamptz, last_seen_at timestamptz, ends_at timestamptz)
    language sql stable security definer set search_path = pg_catalog, pg_temp
    as $f$
    select s.uid, s.org_uid, s.user_uid, host(s.address), s.user_agent, s.created_at, s.last_seen_at, public.session_end(s)
    from public.sessions s
    where s.user_uid in (select m.user_uid from public.memberships m where m.org_uid = public.app_org())
      and (wanted_user is null or s.user_uid = wanted_user)
      and public.came_to(public.app_org(), s.user_uid)
      and s.revoked_at is null and public.session_end(s) > now()
    order by s.last_seen_at desc, s.uid
  $f$;
  alter function member_sessions(text) owner to gatehouse_definer;
  revoke execute on function member_sessions(text) from public;
  grant execute on function member_sessions(text) to gatehouse_app;

  create function end_member_session(wanted text, wanted_user text) returns boolean
    language sql security definer set search_path = pg_catalog, pg_temp
    as $f$
    with done as (
      update public.sessions s set revoked_at = now()
      where s.uid = wanted and s.revoked_at is null
        and (wanted_user is null or s.user_uid = wanted_user)
        and public.came_to(public.app_org(), s.user_uid)
      returning 1)
    select exists (select from done)
  $f$;
  alter function end_member_session(text, text) owner to gatehouse_definer;
  revoke execute on function end_member_session(text, text) from public;
  grant execute on function end_member_session(text, text) to gatehouse_app;

  revoke create on schema public from gatehouse_definer;
  if lent then
    execute format('revoke gatehouse_definer from %I', current_user);
  end if;
end
$$;
-- Sessions of a person over all orgs.
create index sessions_of_user on sessions (user_uid);
