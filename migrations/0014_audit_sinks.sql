-- Copies of the audit log for other systems: how far each has come, chain by chain, and how it fares.

create table audit_sinks (
  sink text primary key,
  -- The process that feeds it now, until its lease ends.
  holder text,
  lease_until timestamptz not null default now(),
  sent bigint not null default 0,
  sent_at timestamptz,
  -- Time of the oldest event that it does not have yet.
  behind_since timestamptz,
  failing_since timestamptz,
  error text
);
grant select, insert, update on audit_sinks to gatehouse_app;

create table audit_sink_positions (
  sink text not null references audit_sinks on delete cascade,
  writer text not null,
  org_uid text,
  seq bigint not null,
  unique nulls not distinct (sink, writer, org_uid)
);
create index audit_sink_positions_org on audit_sink_positions (org_uid);

alter table audit_sink_positions enable row level security;
alter table audit_sink_positions force row level security;
create policy all_only on audit_sink_positions using (app_audit_all()) with check (app_audit_all());
grant select, insert, update on audit_sink_positions to gatehouse_app;
