-- Dashboards with every version ever saved, and the data sources whose series their viewers may read through them.

alter table dashboards
  add column version int not null default 1 check (version > 0),
  add column updated_at timestamptz not null default now(),
  -- In whose name viewers run the dashboard's queries: whoever approved this state of them. Null while nobody did.
  add column approved_by_kind text check (approved_by_kind in ('user', 'team', 'service-account')),
  add column approved_by uid,
  add column approved_sources text[] not null default '{}',
  -- Label selectors on top of what the approver may read, any of which admits a series; none means no further restriction.
  add column approved_constraints text[] not null default '{}',
  add constraint dashboards_approval check (
    (approved_by is null) = (approved_by_kind is null)
    and (approved_by is null) = (cardinality(approved_sources) = 0)
    and (approved_by is not null or cardinality(approved_constraints) = 0));

create table dashboard_versions (
  org_uid uid not null,
  dashboard_uid uid not null,
  version int not null check (version > 0),
  -- Grafana's JSON (v1), without its own id and version.
  content jsonb not null,
  -- What of the content decides which queries it runs; the gateways read only this.
  queries jsonb not null,
  message text not null default '' check (length(message) <= 500),
  saved_by text not null,
  saved_at timestamptz not null default now(),
  primary key (org_uid, dashboard_uid, version),
  foreign key (org_uid, dashboard_uid) references dashboards on delete cascade
);

alter table dashboard_versions enable row level security;
alter table dashboard_versions force row level security;
create policy org_only on dashboard_versions to gatehouse_app using (org_uid = app_org()) with check (org_uid = app_org());
grant select, insert, update, delete on dashboard_versions to gatehouse_app;

create trigger policy_inserted after insert on dashboards referencing new table as changed
  for each statement execute function bump_policy_version();
create trigger policy_updated after update on dashboards referencing new table as changed
  for each statement execute function bump_policy_version();
create trigger policy_deleted after delete on dashboards referencing old table as changed
  for each statement execute function bump_policy_version();
