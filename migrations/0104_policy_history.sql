-- What access settings were at any time since this migration: "could they see it last Tuesday?" is asked after grants were revoked,
-- people left teams and roles changed. Every change leaves the row as it is then, or nothing where it is gone. Names of people are
-- not kept here.

create table policy_history (
  org_uid uid not null,
  table_name text not null,
  key text not null,
  at timestamptz not null default clock_timestamp(),
  seq bigint generated always as identity,
  -- Null: there was none any more.
  content jsonb,
  primary key (org_uid, table_name, key, at, seq)
);
alter table policy_history enable row level security;
alter table policy_history force row level security;
create policy org_only on policy_history for select to gatehouse_app using (org_uid = app_org());
grant select on policy_history to gatehouse_app;
create policy lookups on policy_history to gatehouse_definer using (true) with check (true);
grant select, insert on policy_history to gatehouse_definer;

-- Called with the columns of the table's key. Statements, not rows, so that a large change stays one insert.
create function keep_policy_history() returns trigger
  language plpgsql security definer set search_path = pg_catalog, public, pg_temp
  as $$
begin
  execute format(
    'insert into policy_history (org_uid, table_name, key, content) select c.%I, %L, concat_ws(''/'', %s), %s from changed c
     where exists (select from orgs o where o.uid = c.%1$I)',
    case tg_table_name when 'orgs' then 'uid' else 'org_uid' end, tg_table_name,
    (select string_agg(format('c.%I', k), ', ') from unnest(tg_argv) k),
    case tg_op when 'DELETE' then 'null' else 'to_jsonb(c)' end);
  return null;
end
$$;

-- Of people, whether they are disabled, in every org they belong to.
create function keep_user_history() returns trigger
  language plpgsql security definer set search_path = pg_catalog, public, pg_temp
  as $$
begin
  if tg_table_name = 'memberships' then
    insert into policy_history (org_uid, table_name, key, content)
      select new.org_uid, 'users', u.uid, jsonb_build_object('uid', u.uid, 'disabled', u.disabled)
      from users u where u.uid = new.user_uid;
  else
    insert into policy_history (org_uid, table_name, key, content)
      select m.org_uid, 'users', new.uid, jsonb_build_object('uid', new.uid, 'disabled', new.disabled)
      from memberships m where m.user_uid = new.uid;
  end if;
  return null;
end
$$;

-- The tables of the time in `app.as_of`, under the names of today's: with this schema first, whatever reads access settings reads
-- those of then. What is not here has no history: content of dashboard versions never changes.
create schema as_of;
grant usage on schema as_of to gatehouse_app;

create function as_of.rows_of(wanted text) returns setof jsonb
  language sql stable set search_path = pg_catalog, public, pg_temp
  as $$
    select h.content from (
      select distinct on (key) content from policy_history
      where org_uid = app_org() and table_name = wanted and at <= current_setting('app.as_of')::timestamptz
      order by key, at desc, seq desc) h
    where h.content is not null
  $$;
grant execute on function as_of.rows_of(text) to gatehouse_app;

do $$
declare
  kept record;
  f regprocedure;
  lent boolean;
begin
  lent := not pg_has_role(current_user, 'gatehouse_definer', 'usage');
  if lent then
    execute format('grant gatehouse_definer to %I', current_user);
  end if;
  grant create on schema public to gatehouse_definer;
  foreach f in array array['keep_policy_history()', 'keep_user_history()']::regprocedure[] loop
    execute format('alter function %s owner to gatehouse_definer', f);
    execute format('revoke execute on function %s from public', f);
    execute format('grant execute on function %s to %I', f, current_user);
  end loop;
  revoke create on schema public from gatehouse_definer;

  for kept in select * from (values
    ('orgs', 'uid'), ('tenants', 'value'), ('memberships', 'user_uid'), ('teams', 'uid'),
    ('team_members', 'team_uid, user_uid, source'), ('service_accounts', 'uid'), ('folders', 'uid'), ('dashboards', 'uid'),
    ('data_sources', 'uid'), ('shards', 'data_source_uid, name'), ('replicas', 'data_source_uid, shard, name'),
    ('roles', 'name'), ('grants', 'uid'), ('guardrails', 'uid')) t (name, keys)
  loop
    execute format('create trigger history_inserted after insert on %I referencing new table as changed
      for each statement execute function keep_policy_history(%s)', kept.name, kept.keys);
    execute format('create trigger history_updated after update on %I referencing new table as changed
      for each statement execute function keep_policy_history(%s)', kept.name, kept.keys);
    execute format('create trigger history_deleted after delete on %I referencing old table as changed
      for each statement execute function keep_policy_history(%s)', kept.name, kept.keys);
    execute format('insert into policy_history (org_uid, table_name, key, content)
      select %I, %L, concat_ws(''/'', %s), to_jsonb(t) from %I t',
      case kept.name when 'orgs' then 'uid' else 'org_uid' end, kept.name, kept.keys, kept.name);
    execute format('create view as_of.%I with (security_invoker = true) as
      select r.* from as_of.rows_of(%L) h cross join lateral jsonb_populate_record(null::public.%1$I, h) r', kept.name, kept.name);
    execute format('grant select on as_of.%I to gatehouse_app', kept.name);
  end loop;
  if lent then
    execute format('revoke gatehouse_definer from %I', current_user);
  end if;
end
$$;

create trigger user_history after insert on memberships for each row execute function keep_user_history();
create trigger user_history after update of disabled on users
  for each row when (old.disabled is distinct from new.disabled) execute function keep_user_history();
insert into policy_history (org_uid, table_name, key, content)
  select m.org_uid, 'users', u.uid, jsonb_build_object('uid', u.uid, 'disabled', u.disabled)
  from memberships m join users u on u.uid = m.user_uid;

create view as_of.users with (security_invoker = true) as
  select r.uid, coalesce(u.name, r.uid) as name, u.email, r.disabled
  from as_of.rows_of('users') h cross join lateral jsonb_to_record(h) r (uid text, disabled boolean)
  left join public.users u on u.uid = r.uid;
grant select on as_of.users to gatehouse_app;
