-- Rehearsals of policy changes, so that what was known before a change can be read after it.

create table rehearsals (
  org_uid uid not null references orgs on delete cascade,
  uid uid not null,
  -- SHA-256 of the proposed document, lower-case hex: what exactly was rehearsed.
  document_sha256 text not null check (document_sha256 ~ '^[0-9a-f]{64}$'),
  since timestamptz not null,
  until timestamptz not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  report jsonb not null,
  primary key (org_uid, uid),
  check (since < until)
);
create index rehearsals_created on rehearsals (org_uid, created_at);

alter table rehearsals enable row level security;
alter table rehearsals force row level security;
create policy org_only on rehearsals to gatehouse_app using (org_uid = app_org()) with check (org_uid = app_org());
grant select, insert, update, delete on rehearsals to gatehouse_app;
