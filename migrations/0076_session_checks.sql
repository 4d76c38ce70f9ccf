-- Live sessions are asked about at their identity provider again: groups follow, and a person it no longer knows is signed out.
-- What it gave at sign-in is kept sealed under the session's own secret, which only the browser has; here it opens to nobody.

alter table sessions
  add column sealed text check (length(sealed) <= 65536),
  -- Null: the identity provider gave nothing to ask again with.
  add column check_every interval check (check_every > interval '0'),
  -- A session whose last good answer is older ends.
  add column check_within interval check (check_within > interval '0'),
  add column checked_at timestamptz not null default now(),
  -- Set while some process asks: a refresh token works once, so no two may send it.
  add column checking_at timestamptz,
  add constraint sessions_check check ((check_every is null) = (check_within is null));

grant update (sealed, checked_at, checking_at) on sessions to gatehouse_definer;

do $$
declare
  lent boolean;
begin
  lent := not pg_has_role(current_user, 'gatehouse_definer', 'usage');
  if lent then
    execute format('grant gatehouse_definer to %I', current_user);
  end if;
  drop function find_session(text);
  drop function session_ends(text);
  drop function extend_session(text);
  if lent then
    execute format('revoke gatehouse_definer from %I', current_user);
  end if;
end
$$;

-- When a session ends if nobody uses it any more. `least` passes over nulls.
create function session_end(s sessions) returns timestamptz
  language sql stable set search_path = pg_catalog, pg_temp
  as $$ select least(s.expires_at, s.last_seen_at + s.idle_timeout, s.checked_at + s.check_within) $$;

create function find_session(wanted text)
  returns table (org_uid text, uid text, user_uid text, user_name text, issuer text, subject text, ends_at timestamptz)
  language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$
    select s.org_uid, s.uid, s.user_uid, u.name, s.issuer, s.subject, public.session_end(s)
    from public.sessions s
    join public.users u on u.uid = s.user_uid
    where s.hash = wanted and s.revoked_at is null and not u.disabled and public.session_end(s) > now()
  $$;

create function session_ends(wanted text)
  returns table (uid text, idle_ends_at timestamptz, ends_at timestamptz)
  language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$
    select s.uid, s.last_seen_at + s.idle_timeout, s.expires_at
    from public.sessions s join public.users u on u.uid = s.user_uid
    where s.hash = wanted and s.revoked_at is null and not u.disabled and public.session_end(s) > now()
  $$;

create function extend_session(wanted text) returns boolean
  language sql security definer set search_path = pg_catalog, pg_temp
  as $$
    with done as (
      update public.sessions s set last_seen_at = greatest(s.last_seen_at, now())
      where s.hash = wanted and s.revoked_at is null and public.session_end(s) > now()
      returning 1)
    select exists (select from done)
  $$;

-- Takes the turn to ask about a session, if it is due and nobody else has it; a turn not given back lapses.
create function begin_session_check(wanted text)
  returns table (org_uid text, uid text, user_uid text, issuer text, subject text, sealed text)
  language sql security definer set search_path = pg_catalog, pg_temp
  as $$
    update public.sessions s set checking_at = now()
    where s.hash = wanted and s.revoked_at is null and s.sealed is not null and public.session_end(s) > now()
      and s.checked_at + s.check_every <= now()
      and (s.checking_at is null or s.checking_at < now() - interval '30 seconds')
    returning s.org_uid, s.uid, s.user_uid, s.issuer, s.subject, s.sealed
  $$;

-- Gives the turn back after a good answer; after another one only keeps what to ask with next time, and the turn lapses by itself.
create function end_session_check(wanted text, new_sealed text, vouched boolean) returns void
  language sql security definer set search_path = pg_catalog, pg_temp
  as $$
    update public.sessions s set sealed = new_sealed,
      checked_at = case when vouched then now() else s.checked_at end,
      checking_at = case when vouched then null else s.checking_at end
    where s.hash = wanted and s.checking_at is not null
  $$;

-- What the identity provider gave, for signing out there, too.
create function find_sealed(wanted text) returns text
  language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$ select s.sealed from public.sessions s where s.hash = wanted and s.revoked_at is null $$;

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
  foreach f in array array[
    'find_session(text)', 'session_ends(text)', 'extend_session(text)', 'begin_session_check(text)',
    'end_session_check(text, text, boolean)', 'find_sealed(text)']::regprocedure[]
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
