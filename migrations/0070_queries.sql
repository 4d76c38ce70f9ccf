-- Operators' orders to refuse queries, the queries that run for long, and what queries cost.

create table query_stops (
  org_uid uid not null references orgs on delete cascade,
  uid uid not null,
  kind text not null check (kind in ('tenant', 'principal', 'fingerprint')),
  value text not null check (length(value) between 1 and 256),
  reason text not null check (length(reason) between 1 and 500),
  created_by text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  primary key (org_uid, uid)
);

-- Written anew by each gateway process every second; gone with a crash of the database, which ends the queries as well.
create unlogged table running_queries (
  org_uid uid not null references orgs on delete cascade,
  uid text not null check (length(uid) between 1 and 64),
  process text not null check (length(process) between 1 and 64),
  request_id text not null,
  principal_uid text not null,
  data_source_uid text not null,
  endpoint text not null,
  query text not null check (length(query) <= 4096),
  fingerprint text not null,
  started_at timestamptz not null,
  seen_at timestamptz not null default now(),
  primary key (org_uid, uid)
);
create index running_queries_process on running_queries (org_uid, process);

-- Sums by the hour. What does not fit a process's bound is counted without dashboard and fingerprint.
create table query_statistics (
  org_uid uid not null references orgs on delete cascade,
  hour timestamptz not null,
  principal_uid text not null,
  dashboard_uid text not null,
  data_source_uid text not null,
  fingerprint text not null,
  queries bigint not null,
  failed bigint not null,
  from_cache bigint not null,
  samples bigint not null,
  seconds double precision not null,
  bytes bigint not null,
  primary key (org_uid, hour, principal_uid, dashboard_uid, data_source_uid, fingerprint)
);

create table slow_queries (
  org_uid uid not null references orgs on delete cascade,
  uid text not null check (length(uid) between 1 and 64),
  at timestamptz not null,
  request_id text not null,
  principal_uid text not null,
  dashboard_uid text not null,
  data_source_uid text not null,
  endpoint text not null,
  query text not null check (length(query) <= 4096),
  fingerprint text not null,
  seconds double precision not null,
  samples bigint not null,
  bytes bigint not null,
  cache text not null,
  primary key (org_uid, uid)
);
create index slow_queries_seconds on slow_queries (org_uid, seconds desc);

do $$
declare
  t text;
begin
  foreach t in array array['query_stops', 'running_queries', 'query_statistics', 'slow_queries'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format(
      'create policy org_only on %I to gatehouse_app using (org_uid = app_org()) with check (org_uid = app_org())', t);
    execute format('grant select, insert, update, delete on %I to gatehouse_app', t);
  end loop;
end
$$;
revoke update on query_stops, slow_queries from gatehouse_app;

create function notify_query_stops() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
  as $$
begin
  perform pg_notify('gatehouse_queries', '');
  return null;
end
$$;
create trigger stops_changed after insert or delete on query_stops
  for each statement execute function notify_query_stops();

-- The orders of every org: what a gateway obeys.
grant select on query_stops to gatehouse_definer;
create policy lookups on query_stops to gatehouse_definer using (true) with check (true);
create function query_stops_in_force()
  returns table (org_uid text, uid text, kind text, value text, reason text, expires_at timestamptz)
  language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$
    select s.org_uid, s.uid, s.kind, s.value, s.reason, s.expires_at from public.query_stops s
    where s.expires_at is null or s.expires_at > now()
  $$;

do $$
declare
  lent boolean;
begin
  lent := not pg_has_role(current_user, 'gatehouse_definer', 'usage');
  if lent then
    execute format('grant gatehouse_definer to %I', current_user);
  end if;
  grant create on schema public to gatehouse_definer;
  alter function query_stops_in_force() owner to gatehouse_definer;
  revoke execute on function query_stops_in_force() from public;
  grant execute on function query_stops_in_force() to gatehouse_app;
  revoke create on schema public from gatehouse_definer;
  if lent then
    execute format('revoke gatehouse_definer from %I', current_user);
  end if;
end
$$;
