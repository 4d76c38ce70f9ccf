-- The closed set of questions that come before an org is known. They run as gatehouse_definer, whose own policies and
-- privileges cover just these columns; each answers one key, never a list of an org's content.

grant select (uid, policy_version, issuers), update (policy_version) on orgs to gatehouse_definer;
grant select on memberships, team_members, service_accounts to gatehouse_definer;
grant select (org_uid, uid, idp_groups) on teams to gatehouse_definer;
grant select, update (last_used_at) on service_account_tokens to gatehouse_definer;
grant select, update (last_seen_at, revoked_at), delete on sessions to gatehouse_definer;
grant select, insert, update (name, email) on users to gatehouse_definer;
grant select, insert on identities to gatehouse_definer;

do $$
declare
  t text;
begin
  foreach t in array array[
    'orgs', 'memberships', 'teams', 'team_members', 'service_accounts', 'service_account_tokens', 'sessions', 'users', 'identities'
  ] loop
    execute format('create policy lookups on %I to gatehouse_definer using (true) with check (true)', t);
  end loop;
end
$$;

create function find_token(wanted text)
  returns table (org_uid text, uid text, service_account_uid text, name text, team_uid text, source_cidrs text[], expires_at timestamptz)
  language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$
    select t.org_uid, t.uid, t.service_account_uid, a.name, a.team_uid, t.source_cidrs::text[], t.expires_at
    from public.service_account_tokens t
    join public.service_accounts a on a.org_uid = t.org_uid and a.uid = t.service_account_uid
    where t.hash = wanted and t.revoked_at is null and t.expires_at > now() and not a.disabled
  $$;

create function find_session(wanted text)
  returns table (org_uid text, uid text, user_uid text, user_name text, issuer text, subject text, ends_at timestamptz)
  language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$
    select s.org_uid, s.uid, s.user_uid, u.name, s.issuer, s.subject, least(s.expires_at, s.last_seen_at + s.idle_timeout)
    from public.sessions s
    join public.users u on u.uid = s.user_uid
    where s.hash = wanted and s.revoked_at is null and not u.disabled
      and least(s.expires_at, s.last_seen_at + s.idle_timeout) > now()
  $$;

create function find_user(wanted_issuer text, wanted_subject text)
  returns table (uid text, name text, disabled boolean)
  language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$
    select u.uid, u.name, u.disabled from public.identities i join public.users u on u.uid = i.user_uid
    where i.issuer = wanted_issuer and i.subject = wanted_subject
  $$;

-- A user's orgs and teams; one row an org, teams with where each membership came from.
create function find_memberships(wanted_user text)
  returns table (org_uid text, source text, manual_teams text[], sso_teams text[])
  language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$
    select m.org_uid, m.source,
      coalesce(array_agg(t.team_uid::text order by t.team_uid) filter (where t.source = 'manual'), '{}'),
      coalesce(array_agg(t.team_uid::text order by t.team_uid) filter (where t.source = 'sso'), '{}')
    from public.memberships m
    left join public.team_members t on t.org_uid = m.org_uid and t.user_uid = m.user_uid
    where m.user_uid = wanted_user
    group by m.org_uid, m.source
    order by m.org_uid
  $$;

-- Teams that an issuer's groups map to, in the orgs that accept this issuer.
create function find_teams_of_groups(wanted_issuer text, wanted_groups text[])
  returns table (org_uid text, team_uid text)
  language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$
    select t.org_uid, t.uid from public.teams t join public.orgs o on o.uid = t.org_uid
    where t.idp_groups && wanted_groups and (o.issuers is null or wanted_issuer = any (o.issuers))
    order by t.org_uid, t.uid
  $$;

-- The user of an identity, made on first sight; name and email follow the identity provider.
create function recognise_user(new_uid text, new_issuer text, new_subject text, new_name text, new_email text)
  returns table (uid text, name text, disabled boolean, created boolean)
  language plpgsql security definer set search_path = pg_catalog, pg_temp
  as $$
declare
  found_uid text;
begin
  perform pg_advisory_xact_lock(hashtextextended('identity ' || new_issuer || ' ' || new_subject, 0));
  select i.user_uid into found_uid from public.identities i where i.issuer = new_issuer and i.subject = new_subject;
  if found_uid is null then
    insert into public.users (uid, name, email) values (new_uid, new_name, new_email);
    insert into public.identities (issuer, subject, user_uid) values (new_issuer, new_subject, new_uid);
    return query select new_uid, new_name, false, true;
  else
    update public.users u set name = new_name, email = new_email
      where u.uid = found_uid and (u.name, u.email) is distinct from (new_name, new_email);
    return query select u.uid::text, u.name, u.disabled, false from public.users u where u.uid = found_uid;
  end if;
end
$$;

-- The policy version of every org: what a gateway compares its copies with.
create function policy_versions()
  returns table (org_uid text, version text)
  language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$ select o.uid, o.policy_version::text from public.orgs o $$;

create function touch_tokens(hashes text[], times timestamptz[]) returns void
  language sql security definer set search_path = pg_catalog, pg_temp
  as $$
    update public.service_account_tokens t set last_used_at = u.at
    from unnest(hashes, times) u (hash, at)
    where t.hash = u.hash and (t.last_used_at is null or t.last_used_at < u.at)
  $$;

create function touch_sessions(hashes text[], times timestamptz[]) returns void
  language sql security definer set search_path = pg_catalog, pg_temp
  as $$
    update public.sessions s set last_seen_at = u.at
    from unnest(hashes, times) u (hash, at)
    where s.hash = u.hash and s.revoked_at is null and s.last_seen_at < u.at
  $$;

-- Sign-out, by whoever holds the session's secret.
create function revoke_session(wanted text) returns boolean
  language sql security definer set search_path = pg_catalog, pg_temp
  as $$
    with done as (update public.sessions s set revoked_at = now() where s.hash = wanted and s.revoked_at is null returning 1)
    select exists (select from done)
  $$;

-- Back-channel logout: one session of the identity provider, or all of a subject.
create function revoke_sessions_of(wanted_issuer text, wanted_subject text, wanted_idp_session text) returns int
  language sql security definer set search_path = pg_catalog, pg_temp
  as $$
    with done as (
      update public.sessions s set revoked_at = now()
      where s.issuer = wanted_issuer and s.revoked_at is null
        and (wanted_subject is not null or wanted_idp_session is not null)
        and (wanted_subject is null or s.subject = wanted_subject)
        and (wanted_idp_session is null or s.idp_session = wanted_idp_session)
      returning 1)
    select count(*)::int from done
  $$;

create function prune_sessions(ended_before timestamptz) returns int
  language sql security definer set search_path = pg_catalog, pg_temp
  as $$
    with done as (
      delete from public.sessions s where s.expires_at < ended_before or s.revoked_at < ended_before returning 1)
    select count(*)::int from done
  $$;

do $$
declare
  f regprocedure;
  lent boolean;
begin
  -- Only a member of a role may give it a function; the membership ends with this block.
  lent := not pg_has_role(current_user, 'gatehouse_definer', 'usage');
  if lent then
    execute format('grant gatehouse_definer to %I', current_user);
  end if;
  grant create on schema public to gatehouse_definer;
  foreach f in array array[
    'bump_policy_version()', 'bump_policy_version_of_user()', 'find_token(text)', 'find_session(text)',
    'find_user(text, text)', 'find_memberships(text)', 'find_teams_of_groups(text, text[])',
    'recognise_user(text, text, text, text, text)', 'policy_versions()', 'touch_tokens(text[], timestamptz[])',
    'touch_sessions(text[], timestamptz[])', 'revoke_session(text)', 'revoke_sessions_of(text, text, text)',
    'prune_sessions(timestamptz)']::regprocedure[]
  loop
    execute format('alter function %s owner to gatehouse_definer', f);
    execute format('revoke execute on function %s from public', f);
    -- Later migrations put triggers on their own tables.
    if f::text like 'bump_%' then
      execute format('grant execute on function %s to %I', f, current_user);
    end if;
  end loop;
  revoke create on schema public from gatehouse_definer;
  foreach f in array array[
    'find_token(text)', 'find_session(text)', 'find_user(text, text)', 'find_memberships(text)',
    'find_teams_of_groups(text, text[])', 'recognise_user(text, text, text, text, text)', 'policy_versions()',
    'touch_tokens(text[], timestamptz[])', 'touch_sessions(text[], timestamptz[])', 'revoke_session(text)',
    'revoke_sessions_of(text, text, text)', 'prune_sessions(timestamptz)']::regprocedure[]
  loop
    execute format('grant execute on function %s to gatehouse_app', f);
  end loop;
  if lent then
    execute format('revoke gatehouse_definer from %I', current_user);
  end if;
  revoke create on schema public from public;
  grant usage on schema public to gatehouse_app, gatehouse_definer;
end
$$;
