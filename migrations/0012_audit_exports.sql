-- Exports of the audit log, made in the background and kept for a while; and searches that people have saved.

create table audit_exports (
  uid uid primary key,
  -- Whose events; null: everybody's.
  org_uid text,
  format text not null check (format in ('ndjson', 'csv')),
  filter jsonb not null,
  requested_by text not null,
  requested_at timestamptz not null default now(),
  state text not null default 'queued' check (state in ('queued', 'running', 'done', 'failed')),
  -- A running export that has not moved for a while is taken up by another process, from its beginning.
  moved_at timestamptz not null default now(),
  events bigint not null default 0,
  expected bigint,
  bytes bigint not null default 0,
  manifest jsonb,
  error text
);
create index audit_exports_org on audit_exports (org_uid, requested_at);
create index audit_exports_waiting on audit_exports (requested_at) where state in ('queued', 'running');

-- Each chunk is a gzip member; together they are one gzip file.
create table audit_export_chunks (
  export_uid uid not null references audit_exports on delete cascade,
  org_uid text,
  n int not null,
  bytes bytea not null,
  primary key (export_uid, n)
);
create index audit_export_chunks_org on audit_export_chunks (org_uid);
alter table audit_export_chunks alter column bytes set storage external;

create table audit_views (
  org_uid text,
  user_uid text not null,
  name text not null check (length(name) between 1 and 100),
  filter jsonb not null,
  unique nulls not distinct (org_uid, user_uid, name)
);

do $$
declare
  t text;
begin
  foreach t in array array['audit_exports', 'audit_export_chunks', 'audit_views'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy org_or_all on %I
      using (org_uid = app_org() or app_audit_all()) with check (org_uid = app_org() or app_audit_all())', t);
    execute format('grant select, insert, update, delete on %I to gatehouse_app', t);
  end loop;
end
$$;
