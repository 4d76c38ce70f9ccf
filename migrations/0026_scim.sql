-- Provisioning (SCIM 2.0): identity providers push who is in an org and in which of their groups.

alter table memberships
  drop constraint memberships_source_check,
  add constraint memberships_source_check check (source in ('sso', 'manual', 'scim')),
  -- Deactivated by the identity provider: may do nothing in this org, and keeps their grants for when they come back.
  add column disabled boolean not null default false;
alter table team_members
  drop constraint team_members_source_check,
  add constraint team_members_source_check check (source in ('sso', 'manual', 'scim'));

create table provisioning_tokens (
  org_uid uid not null references orgs on delete cascade,
  uid uid not null,
  name text not null check (length(name) between 1 and 200),
  prefix text not null check (length(prefix) between 1 and 24),
  -- SHA-256 of the secret, lower-case hex.
  hash text not null unique check (hash ~ '^[0-9a-f]{64}$'),
  -- Whose people it provisions: the issuer they sign in with, and the SCIM attribute that is their `sub` there.
  issuer text not null check (length(issuer) <= 500),
  subject_from text not null check (subject_from in ('externalId', 'userName')),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  last_used_at timestamptz,
  primary key (org_uid, uid)
);

create table scim_users (
  org_uid uid not null,
  user_uid uid not null,
  user_name text not null check (length(user_name) between 1 and 256),
  external_id text check (length(external_id) <= 256),
  -- All other attributes, as the identity provider sent them.
  attributes jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_uid, user_uid),
  foreign key (org_uid, user_uid) references memberships on delete cascade
);
create unique index scim_users_name on scim_users (org_uid, lower(user_name));
create index scim_users_external on scim_users (org_uid, external_id);

-- A group of the identity provider; teams that name it in idp_groups have its members.
create table scim_groups (
  org_uid uid not null references orgs on delete cascade,
  uid uid not null,
  display_name text not null check (length(display_name) between 1 and 256),
  external_id text check (length(external_id) <= 256),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_uid, uid)
);
create unique index scim_groups_name on scim_groups (org_uid, lower(display_name));

create table scim_group_members (
  org_uid uid not null,
  group_uid uid not null,
  user_uid uid not null,
  primary key (org_uid, group_uid, user_uid),
  foreign key (org_uid, group_uid) references scim_groups on delete cascade,
  foreign key (org_uid, user_uid) references scim_users on delete cascade
);
create index scim_group_members_user on scim_group_members (org_uid, user_uid);

do $$
declare
  t text;
begin
  foreach t in array array['provisioning_tokens', 'scim_users', 'scim_groups', 'scim_group_members'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format(
      'create policy org_only on %I to gatehouse_app using (org_uid = app_org()) with check (org_uid = app_org())', t);
    execute format('grant select, insert, update, delete on %I to gatehouse_app', t);
  end loop;
end
$$;

-- Whatever changes, the teams' members by provisioning are those of the groups they name.
create function sync_scim_teams() returns trigger
  language plpgsql set search_path = pg_catalog, public, pg_temp
  as $$
begin
  delete from team_members m
    where m.org_uid = app_org() and m.source = 'scim' and not exists (
      select from scim_group_members g
      join scim_groups s on s.org_uid = g.org_uid and s.uid = g.group_uid
      join teams t on t.org_uid = g.org_uid and t.uid = m.team_uid and s.display_name = any (t.idp_groups)
      where g.org_uid = m.org_uid and g.user_uid = m.user_uid);
  insert into team_members (org_uid, team_uid, user_uid, source)
    select distinct g.org_uid, t.uid, g.user_uid, 'scim'
    from scim_group_members g
    join scim_groups s on s.org_uid = g.org_uid and s.uid = g.group_uid
    join teams t on t.org_uid = g.org_uid and s.display_name = any (t.idp_groups)
    where g.org_uid = app_org()
    on conflict do nothing;
  return null;
end
$$;
create trigger scim_synced after insert or delete on scim_group_members for each statement execute function sync_scim_teams();
create trigger scim_synced after update of display_name on scim_groups for each statement execute function sync_scim_teams();
create trigger scim_synced after insert or update of idp_groups on teams for each statement execute function sync_scim_teams();

do $$
begin
  -- Only a member of a role may replace its functions; the membership ends below.
  perform set_config('app.lent', (not pg_has_role(current_user, 'gatehouse_definer', 'usage'))::text, true);
  if current_setting('app.lent')::boolean then
    execute format('grant gatehouse_definer to %I', current_user);
  end if;
  grant create on schema public to gatehouse_definer;
end
$$;

create policy lookups on provisioning_tokens to gatehouse_definer using (true) with check (true);
grant select, update (last_used_at) on provisioning_tokens to gatehouse_definer;

create function find_provisioning_token(wanted text)
  returns table (org_uid text, uid text, name text, issuer text, subject_from text)
  language sql security definer set search_path = pg_catalog, pg_temp
  as $$
    update public.provisioning_tokens t
      set last_used_at = case when t.last_used_at > now() - interval '1 minute' then t.last_used_at else now() end
      where t.hash = wanted and t.revoked_at is null and t.expires_at > now()
      returning t.org_uid::text, t.uid::text, t.name, t.issuer, t.subject_from
  $$;
alter function find_provisioning_token(text) owner to gatehouse_definer;
revoke execute on function find_provisioning_token(text) from public;
grant execute on function find_provisioning_token(text) to gatehouse_app;

-- As before, but teams by provisioning count like those given by hand, and a deactivated membership does not count.
create or replace function find_memberships(wanted_user text)
  returns table (org_uid text, source text, manual_teams text[], sso_teams text[])
  language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$
    select m.org_uid, m.source,
      coalesce(array_agg(distinct t.team_uid::text order by t.team_uid::text) filter (where t.source <> 'sso'), '{}'),
      coalesce(array_agg(t.team_uid::text order by t.team_uid) filter (where t.source = 'sso'), '{}')
    from public.memberships m
    left join public.team_members t on t.org_uid = m.org_uid and t.user_uid = m.user_uid
    where m.user_uid = wanted_user and not m.disabled
    group by m.org_uid, m.source
    order by m.org_uid
  $$;

create or replace function find_session(wanted text)
  returns table (org_uid text, uid text, user_uid text, user_name text, issuer text, subject text, ends_at timestamptz)
  language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$
    select s.org_uid, s.uid, s.user_uid, u.name, s.issuer, s.subject, least(s.expires_at, s.last_seen_at + s.idle_timeout)
    from public.sessions s
    join public.users u on u.uid = s.user_uid
    join public.memberships m on m.org_uid = s.org_uid and m.user_uid = s.user_uid
    where s.hash = wanted and s.revoked_at is null and not u.disabled and not m.disabled
      and least(s.expires_at, s.last_seen_at + s.idle_timeout) > now()
  $$;

do $$
begin
  revoke create on schema public from gatehouse_definer;
  if current_setting('app.lent')::boolean then
    execute format('revoke gatehouse_definer from %I', current_user);
  end if;
end
$$;
