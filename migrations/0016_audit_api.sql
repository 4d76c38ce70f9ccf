-- What the auditors' API keeps: views shared in an org, exports that were cancelled, verifications that somebody asked for.

alter table audit_views add column uid uid not null default 'v-' || gen_random_uuid();
alter table audit_views alter column uid drop default;
alter table audit_views add primary key (uid);
alter table audit_views add column is_shared boolean not null default false;
create index audit_views_org on audit_views (org_uid);

alter table audit_exports drop constraint audit_exports_state_check;
alter table audit_exports add constraint audit_exports_state_check
  check (state in ('queued', 'running', 'done', 'failed', 'cancelled'));

create table audit_verification_jobs (
  uid uid primary key,
  -- Whose chains; null: everybody's.
  org_uid text,
  requested_by text not null,
  requested_at timestamptz not null default now(),
  state text not null default 'queued' check (state in ('queued', 'running', 'done', 'failed')),
  moved_at timestamptz not null default now(),
  events bigint not null default 0,
  expected bigint,
  report jsonb,
  error text
);
create index audit_verification_jobs_org on audit_verification_jobs (org_uid, requested_at);
-- One at a time for each org: who asks meanwhile is given the one that runs.
create unique index audit_verification_jobs_waiting on audit_verification_jobs (coalesce(org_uid, '*'))
  where state in ('queued', 'running');

alter table audit_verification_jobs enable row level security;
alter table audit_verification_jobs force row level security;
create policy org_or_all on audit_verification_jobs
  using (org_uid = app_org() or app_audit_all()) with check (org_uid = app_org() or app_audit_all());
grant select, insert, update, delete on audit_verification_jobs to gatehouse_app;
