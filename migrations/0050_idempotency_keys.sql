-- Answers of creates that carried an Idempotency-Key, so that a repeated request creates nothing twice. No secret is ever in one.

create table idempotency_keys (
  org_uid uid not null references orgs on delete cascade,
  -- Kind and uid of the principal: keys of one are unknown to another.
  principal text not null check (length(principal) between 1 and 200),
  key text not null check (key ~ '^[!-~]{1,200}$'),
  -- SHA-256 of method, path and body, lower-case hex.
  request text not null check (request ~ '^[0-9a-f]{64}$'),
  answer jsonb not null,
  created_at timestamptz not null default now(),
  primary key (org_uid, principal, key)
);
create index idempotency_keys_created on idempotency_keys (org_uid, created_at);

alter table idempotency_keys enable row level security;
alter table idempotency_keys force row level security;
create policy org_only on idempotency_keys to gatehouse_app using (org_uid = app_org()) with check (org_uid = app_org());
grant select, insert, delete on idempotency_keys to gatehouse_app;
