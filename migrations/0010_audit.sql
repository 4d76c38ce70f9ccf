-- The audit log: append-only, partitioned by month and retention class, one hash chain per writer and org.

-- Set only by the code that ships, seals, verifies or searches the log for the platform: then every org's events are visible.
create function app_audit_all() returns boolean
  language sql stable parallel safe
  as $$ select coalesce(current_setting('app.audit', true) = 'all', false) $$;

-- Index keys are cut: no caller's text may be too long for an index and so stop the log.
create function audit_key(value text) returns text
  language sql immutable parallel safe
  as $$ select left(value, 200) $$;

create function audit_keys(list jsonb) returns text[]
  language sql immutable parallel safe
  as $$ select coalesce(array_agg(distinct left(value, 200)), '{}') from jsonb_array_elements_text(list) $$;

-- concat_ws() for text alone, which is immutable; the general one is not.
create function audit_text(variadic parts text[]) returns text
  language sql immutable parallel safe
  as $$ select array_to_string(parts, ' ') $$;

-- Words of the free-text search: letters, digits and underscores, so that a metric name is one word.
create function audit_words(value text) returns tsvector
  language sql immutable parallel safe
  as $$
    select array_to_tsvector(array_remove(regexp_split_to_array(
      regexp_replace(lower(left(value, 8000)), '[[:alnum:]_]{65,}', ' ', 'g'), '[^[:alnum:]_]+'), ''))
  $$;

create function audit_class(code text) returns text
  language sql immutable parallel safe
  as $$ select case left(code, 1) when 'Q' then 'query' when 'V' then 'query' when 'L' then 'identity' else 'change' end $$;

create table audit_events (
  at timestamptz not null,
  id uuid not null,
  class text not null,
  org_uid text,
  writer text not null,
  seq bigint not null check (seq > 0),
  prev bytea not null check (length(prev) = 32),
  hash bytea not null check (length(hash) = 32),
  received_at timestamptz not null default now(),
  -- The hashed event; everything below is read from it and cannot disagree.
  event jsonb not null,
  code text not null generated always as (event ->> 'code') stored,
  result text not null generated always as (event #>> '{outcome,result}') stored,
  action text not null generated always as (audit_key(event ->> 'action')) stored,
  actor_ref text generated always as (audit_key(event #>> '{actor,ref}')) stored,
  token_id text generated always as (
    case event #>> '{actor,credential,kind}' when 'token' then audit_key(event #>> '{actor,credential,id}') end) stored,
  data_source text generated always as (audit_key(coalesce(event #>> '{plan,dataSource}',
    case event #>> '{resource,kind}' when 'data-sources' then event #>> '{resource,uid}' end))) stored,
  dashboard text generated always as (audit_key(coalesce(event #>> '{hints,dashboardUid}',
    case event #>> '{resource,kind}' when 'dashboards' then event #>> '{resource,uid}' end))) stored,
  metrics text[] not null generated always as (audit_keys(event -> 'metrics')) stored,
  words tsvector not null generated always as (audit_words(audit_text(event #>> '{request,query}',
    event #>> '{request,matches}', event ->> 'requestId', event ->> 'traceId', event #>> '{from,address}',
    event #>> '{resource,uid}', event ->> 'action', event #>> '{outcome,errorCode}',
    event #>> '{decision,reason}', event ->> 'detail'))) stored,
  -- With the hash, so that only the very same record counts as there already.
  primary key (at, id, class, hash),
  constraint audit_events_class_agrees check (class = audit_class(event ->> 'code')),
  constraint audit_events_id_agrees check (id::text = event ->> 'id'),
  constraint audit_events_org_agrees check (org_uid is not distinct from event ->> 'orgUid')
) partition by range (at);

create index audit_events_chain on audit_events (writer, org_uid, seq);
create index audit_events_org on audit_events (org_uid, at, id);
create index audit_events_actor on audit_events (actor_ref, at);
create index audit_events_code on audit_events (code, at);
create index audit_events_source on audit_events (data_source, at);
create index audit_events_refused on audit_events (result, at) where result <> 'allowed';
create index audit_events_token on audit_events (token_id, at) where token_id is not null;
create index audit_events_dashboard on audit_events (dashboard, at) where dashboard is not null;
create index audit_events_metrics on audit_events using gin (metrics);
create index audit_events_words on audit_events using gin (words);

create function audit_refuse_change() returns trigger
  language plpgsql
  as $$
begin
  raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
end
$$;
create trigger append_only before update or delete on audit_events
  for each row execute function audit_refuse_change();
create trigger append_only_truncate before truncate on audit_events
  for each statement execute function audit_refuse_change();

-- Makes the partitions of a month (UTC) and of the `ahead` months after it, one for each class; those that exist are left alone.
create function audit_make_partitions(month timestamptz, ahead int) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC'
  as $$
declare
  first date := date_trunc('month', month)::date;
  name text;
  class text;
begin
  if ahead not between 0 and 24 or extract(year from first) not between 1970 and 2999 then
    raise exception 'no partition for %', month using errcode = 'invalid_parameter_value';
  end if;
  for i in 0 .. ahead loop
    name := 'audit_events_' || to_char(first, 'YYYY_MM');
    foreach class in array array['query', 'identity', 'change'] loop
      continue when to_regclass(format('public.%I', name || '_' || class)) is not null;
      perform pg_advisory_xact_lock(hashtextextended('audit partitions', 0));
      continue when to_regclass(format('public.%I', name || '_' || class)) is not null;
      if to_regclass(format('public.%I', name)) is null then
        execute format('create table public.%I partition of public.audit_events for values from (%L) to (%L) partition by list (class)',
          name, first::timestamptz, (first + interval '1 month')::timestamptz);
      end if;
      execute format('create table public.%I partition of public.%I for values in (%L)', name || '_' || class, name, class);
      execute format('create trigger append_only_truncate before truncate on public.%I
        for each statement execute function public.audit_refuse_change()', name || '_' || class);
    end loop;
    first := (first + interval '1 month')::date;
  end loop;
end
$$;
revoke execute on function audit_make_partitions(timestamptz, int) from public;
grant execute on function audit_make_partitions(timestamptz, int) to gatehouse_app;
select audit_make_partitions(now(), 3);

-- Who the actors are, apart from what they did: erasing a row leaves every chain whole.
create table audit_identities (
  ref text primary key,
  org_uid text,
  uid text,
  name text,
  issuer text,
  subject text,
  salt text,
  first_at timestamptz not null default now(),
  erased_at timestamptz,
  check ((erased_at is null) = (uid is not null and name is not null and salt is not null))
);
create index audit_identities_uid on audit_identities (uid);
create index audit_identities_org on audit_identities (org_uid);

-- The last event of every chain, kept by the trigger below in the transaction that adds events.
create table audit_heads (
  writer text not null,
  org_uid text,
  seq bigint not null,
  hash bytea not null,
  at timestamptz not null,
  received_at timestamptz not null default now(),
  unique nulls not distinct (writer, org_uid)
);
create index audit_heads_org on audit_heads (org_uid);

-- Events a minute, for the histogram; a figure to look at, not evidence.
create table audit_counts (
  minute timestamptz not null,
  org_uid text,
  writer text not null,
  class text not null,
  result text not null,
  events bigint not null,
  unique nulls not distinct (org_uid, minute, writer, class, result)
);
create index audit_counts_minute on audit_counts (minute);

create function audit_added() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
  as $$
begin
  insert into public.audit_heads as h (writer, org_uid, seq, hash, at)
    select distinct on (a.writer, a.org_uid) a.writer, a.org_uid, a.seq, a.hash, a.at
    from added a order by a.writer, a.org_uid, a.seq desc
    on conflict (writer, org_uid) do update
      set seq = excluded.seq, hash = excluded.hash, at = excluded.at, received_at = now()
      where h.seq < excluded.seq;
  insert into public.audit_counts as c (minute, org_uid, writer, class, result, events)
    select date_trunc('minute', a.at, 'UTC'), a.org_uid, a.writer, a.class, a.result, count(*)
    from added a group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
    on conflict (org_uid, minute, writer, class, result) do update set events = c.events + excluded.events;
  return null;
end
$$;
create trigger added after insert on audit_events
  referencing new table as added for each statement execute function audit_added();

-- The end of a chain that transactions extend themselves; they take turns, so that it stays one chain.
create function audit_head(chain_writer text, chain_org text)
  returns table (seq bigint, hash text)
  language plpgsql security definer set search_path = pg_catalog, pg_temp
  as $$
declare
  entered text := coalesce(current_setting('app.audit', true), '');
begin
  perform pg_advisory_xact_lock(hashtextextended('audit chain ' || chain_writer || ' ' || coalesce(chain_org, ''), 0));
  perform set_config('app.audit', 'all', true);
  return query select h.seq, encode(h.hash, 'hex') from public.audit_heads h
    where h.writer = chain_writer and h.org_uid is not distinct from chain_org;
  perform set_config('app.audit', entered, true);
end
$$;
revoke execute on function audit_head(text, text) from public;
grant execute on function audit_head(text, text) to gatehouse_app;

-- Row-level security binds the tables' owner as well as the application: both see what they entered, or ask for all.
do $$
declare
  t text;
  lent boolean := not pg_has_role(current_user, 'gatehouse_definer', 'usage');
begin
  foreach t in array array['audit_events', 'audit_identities', 'audit_heads', 'audit_counts'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy org_or_all on %I for select using (org_uid = app_org() or app_audit_all())', t);
    execute format('grant select on %I to gatehouse_app', t);
  end loop;
  -- A gateway ships the events of every org; it can add and never change.
  foreach t in array array['audit_events', 'audit_identities'] loop
    execute format('create policy append on %I for insert with check (true)', t);
    execute format('grant insert on %I to gatehouse_app', t);
  end loop;
  foreach t in array array['audit_heads', 'audit_counts'] loop
    execute format('create policy derived on %I to gatehouse_definer using (true) with check (true)', t);
    execute format('grant select, insert, update on %I to gatehouse_definer', t);
  end loop;
  -- Only a member of a role may give it a function; the membership ends with this block.
  if lent then
    execute format('grant gatehouse_definer to %I', current_user);
  end if;
  grant create on schema public to gatehouse_definer;
  alter function audit_added() owner to gatehouse_definer;
  revoke execute on function audit_added() from public;
  revoke create on schema public from gatehouse_definer;
  if lent then
    execute format('revoke gatehouse_definer from %I', current_user);
  end if;
end
$$;
-- A leaf is reached through its parent only: no privilege is granted on the partitions themselves.
