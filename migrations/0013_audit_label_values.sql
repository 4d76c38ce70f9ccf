-- Label values that queries named and that events hold only as keyed hashes, sealed with a key that is not in this database.

create table audit_label_values (
  org_uid text,
  hash text not null,
  label text not null,
  sealed bytea not null,
  first_at timestamptz not null default now(),
  unique nulls not distinct (org_uid, hash)
);

alter table audit_label_values enable row level security;
alter table audit_label_values force row level security;
create policy org_or_all on audit_label_values
  using (org_uid = app_org() or app_audit_all()) with check (org_uid = app_org() or app_audit_all());
grant select, insert, delete on audit_label_values to gatehouse_app;
