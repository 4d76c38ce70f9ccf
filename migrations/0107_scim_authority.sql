-- Where an identity provider pushes who is in an org and in which groups, what it pushed counts, not what a token said that was issued
-- before: a mover is in the teams of the pushed groups only, and a leaver does not come back by a token that is still good.

create table scim_left (
  org_uid uid not null references orgs on delete cascade,
  user_uid uid not null,
  left_at timestamptz not null default now(),
  primary key (org_uid, user_uid)
);
alter table scim_left enable row level security;
alter table scim_left force row level security;
create policy org_only on scim_left to gatehouse_app using (org_uid = app_org()) with check (org_uid = app_org());
grant select, insert, update, delete on scim_left to gatehouse_app;

do $$
declare
  t text;
begin
  foreach t in array array['scim_left', 'scim_users', 'scim_groups'] loop
    execute format('create policy lookups on %I for select to gatehouse_definer using (true)', t);
    execute format('grant select on %I to gatehouse_definer', t);
  end loop;
end
$$;

create or replace function sync_scim_teams() returns trigger
  language plpgsql set search_path = pg_catalog, public, pg_temp
  as $$
begin
  -- Also what a sign-in gave of teams that pushed groups decide about.
  delete from team_members m
    where m.org_uid = app_org() and not exists (
      select from scim_group_members g
      join scim_groups s on s.org_uid = g.org_uid and s.uid = g.group_uid
      join teams t on t.org_uid = g.org_uid and t.uid = m.team_uid and s.display_name = any (t.idp_groups)
      where g.org_uid = m.org_uid and g.user_uid = m.user_uid)
    and (m.source = 'scim' or m.source = 'sso' and exists (
      select from scim_users u
      join scim_groups s on s.org_uid = u.org_uid
      join teams t on t.org_uid = u.org_uid and t.uid = m.team_uid and s.display_name = any (t.idp_groups)
      where u.org_uid = m.org_uid and u.user_uid = m.user_uid));
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

do $do$
declare
  lent boolean := not pg_has_role(current_user, 'gatehouse_definer', 'usage');
begin
  if lent then
    execute format('grant gatehouse_definer to %I', current_user);
  end if;
  grant create on schema public to gatehouse_definer;
  drop function find_teams_of_groups(text, text[]);
  create function public.find_teams_of_groups(wanted_issuer text, wanted_groups text[], wanted_user text)
    returns table (org_uid text, team_uid text)
    language sql stable security definer set search_path = pg_catalog, pg_temp
    as $$
      select t.org_uid, t.uid from public.teams t join public.orgs o on o.uid = t.org_uid
      where (o.issuers is null or wanted_issuer = any (o.issuers))
        and t.idp_groups && wanted_groups
        and exists (
          select from unnest(wanted_groups) g (name)
          where g.name = any (t.idp_groups) and not (
            exists (select from public.scim_users u where u.org_uid = t.org_uid and u.user_uid = wanted_user)
            and exists (select from public.scim_groups s where s.org_uid = t.org_uid and s.display_name = g.name)))
        and not exists (
          select from public.scim_left l
          join public.provisioning_tokens p on p.org_uid = l.org_uid
            and p.issuer = wanted_issuer and p.revoked_at is null and p.expires_at > now()
          where l.org_uid = t.org_uid and l.user_uid = wanted_user)
        and not exists (
          select from public.memberships m where m.org_uid = t.org_uid and m.user_uid = wanted_user and m.disabled)
      order by t.org_uid, t.uid
    $$;
  alter function find_teams_of_groups(text, text[], text) owner to gatehouse_definer;
  revoke execute on function find_teams_of_groups(text, text[], text) from public;
  grant execute on function find_teams_of_groups(text, text[], text) to gatehouse_app;
  revoke create on schema public from gatehouse_definer;
  if lent then
    execute format('revoke gatehouse_definer from %I', current_user);
  end if;
end
$do$;
