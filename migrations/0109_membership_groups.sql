-- Which of a team's IdP groups put somebody into it: "why" names the one a person has, not all that the team is mapped to. Empty where a
-- hand did, and for memberships older than this until the next sign-in.

alter table team_members add column idp_groups text[] not null default '{}';
alter table team_members add constraint team_members_groups_not_by_hand check (source <> 'manual' or idp_groups = '{}');

update team_members m set idp_groups = t.idp_groups
  from teams t
  where t.org_uid = m.org_uid and t.uid = m.team_uid and m.source = 'sso' and cardinality(t.idp_groups) = 1;

-- Rows of before have no such column in what was kept of them.
create or replace view as_of.team_members with (security_invoker = true) as
  select r.org_uid, r.team_uid, r.user_uid, r.source, r.added_by, coalesce(r.idp_groups, '{}') as idp_groups
  from as_of.rows_of('team_members') h cross join lateral jsonb_populate_record(null::public.team_members, h) r;

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
  insert into team_members (org_uid, team_uid, user_uid, source, idp_groups)
    select g.org_uid, t.uid, g.user_uid, 'scim', array_agg(distinct s.display_name order by s.display_name)
    from scim_group_members g
    join scim_groups s on s.org_uid = g.org_uid and s.uid = g.group_uid
    join teams t on t.org_uid = g.org_uid and s.display_name = any (t.idp_groups)
    where g.org_uid = app_org()
    group by g.org_uid, t.uid, g.user_uid
    on conflict (org_uid, team_uid, user_uid, source) do update set idp_groups = excluded.idp_groups
      where team_members.idp_groups is distinct from excluded.idp_groups;
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
  drop function find_teams_of_groups(text, text[], text);
  create function public.find_teams_of_groups(wanted_issuer text, wanted_groups text[], wanted_user text)
    returns table (org_uid text, team_uid text, idp_groups text[])
    language sql stable security definer set search_path = pg_catalog, pg_temp
    as $$
      select t.org_uid, t.uid, array_agg(distinct g.name order by g.name)
      from public.teams t
      join public.orgs o on o.uid = t.org_uid
      join unnest(wanted_groups) g (name) on g.name = any (t.idp_groups)
      where t.idp_groups && wanted_groups
        and (o.issuers is null or wanted_issuer = any (o.issuers))
        -- Of provisioned people, pushed groups count as pushed only.
        and not (
          exists (select from public.scim_users u where u.org_uid = t.org_uid and u.user_uid = wanted_user)
          and exists (select from public.scim_groups s where s.org_uid = t.org_uid and s.display_name = g.name))
        and not exists (
          select from public.scim_left l
          join public.provisioning_tokens p on p.org_uid = l.org_uid
            and p.issuer = wanted_issuer and p.revoked_at is null and p.expires_at > now()
          where l.org_uid = t.org_uid and l.user_uid = wanted_user)
        and not exists (
          select from public.memberships m where m.org_uid = t.org_uid and m.user_uid = wanted_user and m.disabled)
      group by t.org_uid, t.uid
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
