-- Keys of what matches among the first `look_at` events in order of time: where matches are frequent that is a page of them, at a bounded cost.
create function audit_find_recent(v jsonb, newest_first boolean, after_at timestamptz, after_id uuid, at_most int, look_at int)
  returns table (at timestamptz, id uuid, hash bytea)
  language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp set random_page_cost = 1.1
    -- One plan for all: by the index that has the order.
    set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
  as $$
declare
  org text := case when app_audit_all() then v ->> 0 else app_org() end;
  direction text := case when newest_first then 'desc' else 'asc' end;
  passed text := format('($18::timestamptz is null or (e.at, e.id) %s ($18, $19::uuid))', case when newest_first then '<' else '>' end);
begin
  if org is null and not app_audit_all() then
    return;
  end if;
  return query execute format(
    'select e.at, e.id, e.hash from (select * from audit_events e
       where ($1::text is null or e.org_uid = $1) and ($2::timestamptz is null or e.at >= $2) and ($3::timestamptz is null or e.at < $3)
         and %s order by e.at %s, e.id %2$s limit $21) e
     where %s order by e.at %2$s, e.id %2$s limit $20', passed, direction, audit_conditions())
    using org, (v ->> 1)::timestamptz, (v ->> 2)::timestamptz, audit_texts(v -> 3), v ->> 4,
    audit_texts(v -> 5), audit_texts(v -> 6), audit_texts(v -> 7), v ->> 8, v ->> 9, v ->> 10, v ->> 11, v ->> 12,
    (v ->> 13)::float8, (v ->> 14)::bigint, (v ->> 15)::tsquery, coalesce(audit_texts(v -> 16), '{}'),
    after_at, after_id, at_most, look_at;
end
$$;

do $$
declare
  lent boolean := not pg_has_role(current_user, 'gatehouse_definer', 'usage');
  f regprocedure := 'audit_find_recent(jsonb, boolean, timestamptz, uuid, int, int)';
begin
  if lent then
    execute format('grant gatehouse_definer to %I', current_user);
  end if;
  grant create on schema public to gatehouse_definer;
  execute format('revoke execute on function %s from public', f);
  execute format('grant execute on function %s to gatehouse_app', f);
  execute format('alter function %s owner to gatehouse_definer', f);
  revoke create on schema public from gatehouse_definer;
  if lent then
    execute format('revoke gatehouse_definer from %I', current_user);
  end if;
end
$$;
