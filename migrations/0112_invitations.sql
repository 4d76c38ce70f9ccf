-- Who is made a member by others is invited until they come themselves: their own sign-ins go on as before, and the org sees of them what it
-- said itself. Memberships older than this count as entered.
create table invitations (
  org_uid text not null,
  user_uid text not null,
  -- What the org calls them.
  name text not null check (name <> ''),
  primary key (org_uid, user_uid),
  foreign key (org_uid, user_uid) references memberships on delete cascade
);
create index invitations_user on invitations (user_uid);
alter table invitations enable row level security;
alter table invitations force row level security;
create policy org_only on invitations to gatehouse_app using (org_uid = app_org()) with check (org_uid = app_org());
grant select, insert, delete on invitations to gatehouse_app;
grant select on invitations to gatehouse_definer;

create trigger policy_inserted after insert on invitations referencing new table as changed
  for each statement execute function bump_policy_version();
create trigger policy_deleted after delete on invitations referencing old table as changed
  for each statement execute function bump_policy_version();

-- A person is visible to the orgs they came to.
alter policy members_only on users
  using (exists (select from memberships m where m.user_uid = users.uid and m.org_uid = app_org())
    and not exists (select from invitations i where i.user_uid = users.uid and i.org_uid = app_org()));
alter policy members_only on identities
  using (exists (select from memberships m where m.user_uid = identities.user_uid and m.org_uid = app_org())
    and not exists (select from invitations i where i.user_uid = identities.user_uid and i.org_uid = app_org()));

do $$
declare
  lent boolean := not pg_has_role(current_user, 'gatehouse_definer', 'usage');
begin
  if lent then
    execute format('grant gatehouse_definer to %I', current_user);
  end if;
  grant create on schema public to gatehouse_definer;

  create policy definer_reads on invitations for select to gatehouse_definer using (true);

  create or replace function find_memberships(wanted_user text)
    returns table (org_uid text, source text, manual_teams text[], sso_teams text[])
    language sql stable security definer set search_path = pg_catalog, pg_temp
    as $f$
    select m.org_uid, m.source,
      coalesce(array_agg(distinct t.team_uid::text order by t.team_uid::text) filter (where t.source <> 'sso'), '{}'),
      coalesce(array_agg(t.team_uid::text order by t.team_uid) filter (where t.source = 'sso'), '{}')
    from public.memberships m
    left join public.team_members t on t.org_uid = m.org_uid and t.user_uid = m.user_uid
    where m.user_uid = wanted_user and not m.disabled
      and not exists (select from public.invitations i where i.org_uid = m.org_uid and i.user_uid = m.user_uid)
    group by m.org_uid, m.source
    order by m.org_uid
  $f$;

  create function find_invitations(wanted_user text) returns table (org_uid text)
    language sql stable security definer set search_path = pg_catalog, pg_temp
    as $f$
    select i.org_uid from public.invitations i
    join public.memberships m on m.org_uid = i.org_uid and m.user_uid = i.user_uid
    where i.user_uid = wanted_user and not m.disabled
    order by i.org_uid
  $f$;
  alter function find_invitations(text) owner to gatehouse_definer;
  revoke execute on function find_invitations(text) from public;
  grant execute on function find_invitations(text) to gatehouse_app;

  revoke create on schema public from gatehouse_definer;
  if lent then
    execute format('revoke gatehouse_definer from %I', current_user);
  end if;
end
$$;
