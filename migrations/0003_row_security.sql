-- The second lock: whatever a statement forgets, it reaches only the org its transaction entered.

do $$
declare
  t text;
begin
  foreach t in array array[
    'tenants', 'memberships', 'teams', 'team_members', 'service_accounts', 'service_account_tokens', 'sessions',
    'folders', 'dashboards', 'data_sources', 'shards', 'replicas', 'roles', 'grants', 'guardrails'
  ] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format(
      'create policy org_only on %I to gatehouse_app using (org_uid = app_org()) with check (org_uid = app_org())', t);
    execute format('grant select, insert, update, delete on %I to gatehouse_app', t);
  end loop;
end
$$;

alter table orgs enable row level security;
alter table orgs force row level security;
create policy org_only on orgs to gatehouse_app using (uid = app_org()) with check (uid = app_org());
-- The version columns are written by triggers only.
grant select, delete, insert (uid, name, managed, platform, issuers), update (name, managed, platform, issuers)
  on orgs to gatehouse_app;

-- A person is visible to the orgs they belong to. Rows are made by recognise_user() only.
alter table users enable row level security;
alter table users force row level security;
create policy members_only on users to gatehouse_app
  using (exists (select from memberships m where m.user_uid = users.uid and m.org_uid = app_org()));
grant select on users to gatehouse_app;

alter table identities enable row level security;
alter table identities force row level security;
create policy members_only on identities to gatehouse_app
  using (exists (select from memberships m where m.user_uid = identities.user_uid and m.org_uid = app_org()));
grant select on identities to gatehouse_app;
