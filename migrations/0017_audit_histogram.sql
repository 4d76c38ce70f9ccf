-- Histograms over millions of events: counts by the hour, and estimates where too many events match to count them.

create table audit_counts_hourly (
  hour timestamptz not null,
  org_uid text,
  writer text not null,
  class text not null,
  result text not null,
  events bigint not null,
  unique nulls not distinct (org_uid, hour, writer, class, result)
);
create index audit_counts_hourly_hour on audit_counts_hourly (hour);
alter table audit_counts_hourly enable row level security;
alter table audit_counts_hourly force row level security;
create policy org_or_all on audit_counts_hourly for select using (org_uid = app_org() or app_audit_all());
create policy derived on audit_counts_hourly to gatehouse_definer using (true) with check (true);
grant select on audit_counts_hourly to gatehouse_app;
grant select, insert, update on audit_counts_hourly to gatehouse_definer;

-- The counts of before, by whoever may see them all.
do $$
begin
  perform set_config('app.audit', 'all', true);
  alter table audit_counts_hourly disable row level security;
  insert into audit_counts_hourly (hour, org_uid, writer, class, result, events)
    select date_trunc('hour', minute, 'UTC'), org_uid, writer, class, result, sum(events) from audit_counts group by 1, 2, 3, 4, 5;
  alter table audit_counts_hourly enable row level security;
  perform set_config('app.audit', '', true);
end
$$;

-- Matching events counted by time, class and result, as long as they are at most so many: who gets more counts anew, by estimate.
drop function audit_count(jsonb, double precision);
create function audit_count(v jsonb, width_seconds double precision, by_match boolean, at_most int)
  returns table (at timestamptz, class text, result text, events bigint)
  language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
    set enable_seqscan = on set enable_indexscan = on set random_page_cost = 1.1 set work_mem = '32MB'
  as $$
declare
  org text := case when app_audit_all() then v ->> 0 else app_org() end;
begin
  if org is null and not app_audit_all() then
    return;
  end if;
  if by_match then
    perform set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'off', true);
  end if;
  return query execute
    'select date_bin(make_interval(secs => $18), f.at, timestamptz ''2000-01-03 00:00:00Z''), f.class, f.result, count(*)
     from (select e.at, e.class, e.result from audit_events e where ' || audit_conditions() || ' limit $19) f group by 1, 2, 3'
    using org, (v ->> 1)::timestamptz, (v ->> 2)::timestamptz, audit_texts(v -> 3), v ->> 4,
    audit_texts(v -> 5), audit_texts(v -> 6), audit_texts(v -> 7), v ->> 8, v ->> 9, v ->> 10, v ->> 11, v ->> 12,
    (v ->> 13)::float8, (v ->> 14)::bigint, (v ->> 15)::tsquery, coalesce(audit_texts(v -> 16), '{}'), width_seconds, at_most;
end
$$;

-- The same, estimated from about `sample` events of the months in question.
create function audit_estimate(v jsonb, width_seconds double precision, sample double precision)
  returns table (at timestamptz, class text, result text, events double precision)
  language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp set random_page_cost = 1.1
  as $$
declare
  org text := case when app_audit_all() then v ->> 0 else app_org() end;
  there double precision;
  part double precision;
begin
  if org is null and not app_audit_all() then
    return;
  end if;
  select sum(greatest(c.reltuples, 0)) into there from pg_class c
    where c.relkind = 'r' and c.relname ~ '^audit_events_\d{4}_\d{2}_'
      and substr(c.relname, 14, 7) between to_char((v ->> 1)::timestamptz at time zone 'UTC', 'YYYY_MM')
        and to_char((v ->> 2)::timestamptz at time zone 'UTC', 'YYYY_MM');
  part := least(100, 100 * sample / greatest(coalesce(there, 0), 1));
  return query execute
    'select date_bin(make_interval(secs => $18), e.at, timestamptz ''2000-01-03 00:00:00Z''), e.class, e.result,
       round(count(*) * 100 / $19)
     from audit_events e tablesample system ($19) repeatable (1) where ' || audit_conditions() || ' group by 1, 2, 3'
    using org, (v ->> 1)::timestamptz, (v ->> 2)::timestamptz, audit_texts(v -> 3), v ->> 4,
    audit_texts(v -> 5), audit_texts(v -> 6), audit_texts(v -> 7), v ->> 8, v ->> 9, v ->> 10, v ->> 11, v ->> 12,
    (v ->> 13)::float8, (v ->> 14)::bigint, (v ->> 15)::tsquery, coalesce(audit_texts(v -> 16), '{}'), width_seconds, part;
end
$$;

do $$
declare
  lent boolean := not pg_has_role(current_user, 'gatehouse_definer', 'usage');
  f regprocedure;
begin
  if lent then
    execute format('grant gatehouse_definer to %I', current_user);
  end if;
  grant create on schema public to gatehouse_definer;
  foreach f in array array['audit_count(jsonb, double precision, boolean, int)',
    'audit_estimate(jsonb, double precision, double precision)']::regprocedure[] loop
    execute format('revoke execute on function %s from public', f);
    execute format('grant execute on function %s to gatehouse_app', f);
    execute format('alter function %s owner to gatehouse_definer', f);
  end loop;
  create or replace function audit_added() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $f$
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
    insert into public.audit_counts_hourly as c (hour, org_uid, writer, class, result, events)
      select date_trunc('hour', a.at, 'UTC'), a.org_uid, a.writer, a.class, a.result, count(*)
      from added a group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
      on conflict (org_uid, hour, writer, class, result) do update set events = c.events + excluded.events;
    return null;
  end
  $f$;
  revoke create on schema public from gatehouse_definer;
  if lent then
    execute format('revoke gatehouse_definer from %I', current_user);
  end if;
end
$$;
