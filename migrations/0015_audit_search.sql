-- Searching. Row-level security lets only leak-proof comparisons reach an index, and those of lists and words are not. So the indexes are asked by a
-- function that puts in the entered org itself and gives out nothing but keys (time, id, hash) or counts; rows are then read under
-- row-level security as always.

-- Not by way of the words: those of a long query are cut, and what comes after them would not be found.
create index audit_events_action on audit_events (action, at);
create index audit_events_address on audit_events (audit_key(event #>> '{from,address}'), at);

-- The conditions of a search, with its values as parameters; the same text as in libs/store/src/audit/filter.ts.
create function audit_conditions() returns text
  language sql immutable parallel safe
  as $f$ select $c$
  ($1::text is null or e.org_uid = $1)
  and ($2::timestamptz is null or e.at >= $2)
  and ($3::timestamptz is null or e.at < $3)
  and ($4::text[] is null or e.actor_ref = any($4))
  and ($5::text is null or e.action = $5)
  and ($6::text[] is null or e.result = any($6))
  and ($6::text[] is null or 'allowed' = any($6) or e.result <> 'allowed')
  and ($7::text[] is null or e.class = any($7))
  and ($8::text[] is null or e.code = any($8))
  and ($9::text is null or e.data_source = $9)
  and ($10::text is null or e.metrics @> array[$10])
  and ($11::text is null or e.dashboard = $11)
  and ($12::text is null or e.token_id = $12)
  and ($13::text is null or audit_key(e.event #>> '{from,address}') = $13)
  and ($14::float8 is null or (e.event #>> '{outcome,durationMs}')::float8 >= $14)
  and ($15::bigint is null or (e.event #>> '{outcome,bytes}')::bigint >= $15)
  and ($16::tsquery is null or e.words @@ $16 or e.actor_ref = any($17::text[]))$c$ $f$;

create function audit_texts(list jsonb) returns text[]
  language sql immutable parallel safe
  as $$ select case jsonb_typeof(list) when 'array' then array(select jsonb_array_elements_text(list)) end $$;

-- Keys of matching events. `by_match`: the indexes tell what matches, in no order until the end; else events are read in order of time.
create function audit_find(v jsonb, by_match boolean, newest_first boolean, after_at timestamptz, after_id uuid, at_most int)
  returns table (at timestamptz, id uuid, hash bytea)
  language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
    set enable_seqscan = on set enable_indexscan = on set enable_indexonlyscan = on set random_page_cost = 1.1
  as $$
declare
  org text := case when app_audit_all() then v ->> 0 else app_org() end;
  direction text := case when newest_first then 'desc' else 'asc' end;
  passed text := format('($18::timestamptz is null or (e.at, e.id) %s ($18, $19::uuid))', case when newest_first then '<' else '>' end);
  query text;
begin
  if org is null and not app_audit_all() then
    return;
  end if;
  query := 'select e.at, e.id, e.hash from audit_events e where ' || audit_conditions() || ' and ' || passed;
  if by_match then
    perform set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'off', true),
      set_config('enable_indexonlyscan', 'off', true);
    query := format('select * from (%s limit $20) f order by 1 %s, 2 %2$s', query, direction);
  else
    query := format('%s order by e.at %s, e.id %2$s limit $20', query, direction);
  end if;
  return query execute query using org, (v ->> 1)::timestamptz, (v ->> 2)::timestamptz, audit_texts(v -> 3), v ->> 4,
    audit_texts(v -> 5), audit_texts(v -> 6), audit_texts(v -> 7), v ->> 8, v ->> 9, v ->> 10, v ->> 11, v ->> 12,
    (v ->> 13)::float8, (v ->> 14)::bigint, (v ->> 15)::tsquery, coalesce(audit_texts(v -> 16), '{}'),
    after_at, after_id, at_most;
end
$$;

-- Matching events counted by time, class and result.
create function audit_count(v jsonb, width_seconds double precision)
  returns table (at timestamptz, class text, result text, events bigint)
  language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp set random_page_cost = 1.1
  as $$
declare
  org text := case when app_audit_all() then v ->> 0 else app_org() end;
begin
  if org is null and not app_audit_all() then
    return;
  end if;
  return query execute
    'select date_bin(make_interval(secs => $18), e.at, timestamptz ''2000-01-03 00:00:00Z''), e.class, e.result, count(*)
     from audit_events e where ' || audit_conditions() || ' group by 1, 2, 3'
    using org, (v ->> 1)::timestamptz, (v ->> 2)::timestamptz, audit_texts(v -> 3), v ->> 4,
    audit_texts(v -> 5), audit_texts(v -> 6), audit_texts(v -> 7), v ->> 8, v ->> 9, v ->> 10, v ->> 11, v ->> 12,
    (v ->> 13)::float8, (v ->> 14)::bigint, (v ->> 15)::tsquery, coalesce(audit_texts(v -> 16), '{}'), width_seconds;
end
$$;

do $$
declare
  lent boolean := not pg_has_role(current_user, 'gatehouse_definer', 'usage');
  f regprocedure;
begin
  create policy search on audit_events for select to gatehouse_definer using (true);
  grant select on audit_events to gatehouse_definer;
  if lent then
    execute format('grant gatehouse_definer to %I', current_user);
  end if;
  grant create on schema public to gatehouse_definer;
  foreach f in array array['audit_find(jsonb, boolean, boolean, timestamptz, uuid, int)', 'audit_count(jsonb, double precision)']::regprocedure[] loop
    execute format('revoke execute on function %s from public', f);
    execute format('grant execute on function %s to gatehouse_app', f);
    execute format('alter function %s owner to gatehouse_definer', f);
  end loop;
  revoke create on schema public from gatehouse_definer;
  if lent then
    execute format('revoke gatehouse_definer from %I', current_user);
  end if;
end
$$;
