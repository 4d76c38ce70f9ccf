-- What proves the audit log: signed checkpoints, changes of key, tombstones of what was purged; and what keeps it: holds, anchors.

create table audit_checkpoints (
  number bigint primary key check (number > 0),
  at timestamptz not null,
  -- The canonical JSON that was signed.
  statement text not null,
  signature text not null
);
create index audit_checkpoints_at on audit_checkpoints (at);

-- Heads of the chains that moved since the checkpoint before.
create table audit_checkpoint_heads (
  number bigint not null references audit_checkpoints,
  writer text not null,
  org_uid text,
  seq bigint not null,
  hash bytea not null check (length(hash) = 32),
  unique nulls not distinct (writer, org_uid, number)
);
create index audit_checkpoint_heads_number on audit_checkpoint_heads (number);
create index audit_checkpoint_heads_org on audit_checkpoint_heads (org_uid, number);

-- How far each chain is sealed, beside its head: a figure to look at; what counts is what was signed.
alter table audit_heads add column sealed_seq bigint not null default 0;

create function audit_sealed() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
  as $$
begin
  update public.audit_heads h set sealed_seq = s.seq
    from sealed s where h.writer = s.writer and h.org_uid is not distinct from s.org_uid and h.sealed_seq < s.seq;
  return null;
end
$$;
create trigger sealed after insert on audit_checkpoint_heads
  referencing new table as sealed for each statement execute function audit_sealed();

create table audit_key_rotations (
  -- The old key's last checkpoint.
  number bigint primary key,
  rotation jsonb not null
);

create table audit_tombstones (
  number bigint generated always as identity primary key,
  month text not null,
  class text not null,
  org_uid text,
  at timestamptz not null default now(),
  statement text not null,
  signature text not null
);
create index audit_tombstones_org on audit_tombstones (org_uid);

do $$
declare
  t text;
begin
  foreach t in array array['audit_checkpoints', 'audit_checkpoint_heads', 'audit_key_rotations', 'audit_tombstones'] loop
    execute format('create trigger append_only before update or delete on %I for each row execute function audit_refuse_change()', t);
    execute format('create trigger append_only_truncate before truncate on %I for each statement execute function audit_refuse_change()', t);
  end loop;
end
$$;

-- How far the copies outside this database have come.
create table audit_anchors (
  sink text primary key,
  number bigint not null,
  at timestamptz not null default now(),
  failing_since timestamptz,
  error text
);

-- Events that may not be purged whatever their age; of one org, or of all.
create table audit_holds (
  uid uid primary key,
  org_uid text,
  from_at timestamptz not null default '-infinity',
  to_at timestamptz not null default 'infinity',
  reason text not null check (length(reason) between 1 and 500),
  placed_by text not null,
  placed_at timestamptz not null default now(),
  released_by text,
  released_at timestamptz,
  check (from_at < to_at),
  check ((released_at is null) = (released_by is null))
);

-- Results of verifying the log, newest last; org_uid is null when it was the whole log.
create table audit_verifications (
  at timestamptz not null default now(),
  org_uid text,
  events bigint not null,
  checkpoint bigint not null,
  seconds double precision not null,
  findings jsonb not null,
  primary key (at)
);

do $$
declare
  t text;
begin
  foreach t in array array['audit_checkpoint_heads', 'audit_tombstones', 'audit_holds', 'audit_verifications'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
  end loop;
  foreach t in array array['audit_checkpoint_heads', 'audit_tombstones', 'audit_verifications'] loop
    execute format('create policy org_or_all on %I for select using (org_uid = app_org() or app_audit_all())', t);
    execute format('create policy append on %I for insert with check (app_audit_all())', t);
  end loop;
end
$$;
create policy org_or_all on audit_holds
  using (org_uid = app_org() or app_audit_all()) with check (org_uid = app_org() or app_audit_all());
grant select, insert on audit_checkpoints, audit_checkpoint_heads, audit_key_rotations, audit_verifications to gatehouse_app;
grant select on audit_tombstones to gatehouse_app;
grant select, insert, update on audit_anchors to gatehouse_app;
grant select, insert, update (released_by, released_at) on audit_holds to gatehouse_app;

-- Erases who a person is, in one org or (null) in all. What the events say of them stays, under pseudonyms that lead nowhere.
create function audit_erase(person text, within text) returns int
  language plpgsql security definer set search_path = pg_catalog, pg_temp
  as $$
declare
  erased int;
begin
  if within is null and not public.app_audit_all() or within is distinct from public.app_org() and not public.app_audit_all() then
    raise exception 'not in this org' using errcode = 'insufficient_privilege';
  end if;
  update public.audit_identities
    set uid = null, name = null, issuer = null, subject = null, salt = null, erased_at = now()
    where uid = person and (within is null or org_uid = within) and erased_at is null;
  get diagnostics erased = row_count;
  return erased;
end
$$;

do $$
declare
  lent boolean := not pg_has_role(current_user, 'gatehouse_definer', 'usage');
begin
  create policy erase on audit_identities to gatehouse_definer using (true) with check (true);
  grant select, update on audit_identities to gatehouse_definer;
  grant execute on function app_org(), app_audit_all() to gatehouse_definer;
  if lent then
    execute format('grant gatehouse_definer to %I', current_user);
  end if;
  grant create on schema public to gatehouse_definer;
  alter function audit_erase(text, text) owner to gatehouse_definer;
  alter function audit_sealed() owner to gatehouse_definer;
  revoke execute on function audit_erase(text, text), audit_sealed() from public;
  grant execute on function audit_erase(text, text) to gatehouse_app;
  revoke create on schema public from gatehouse_definer;
  if lent then
    execute format('revoke gatehouse_definer from %I', current_user);
  end if;
end
$$;
