-- Every change of policy raises its org's version and notifies the gateways in the same commit, so no code path can forget to.

create function bump_policy_version() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
  as $$
begin
  update public.orgs set policy_version = policy_version + 1 where uid in (select org_uid from changed);
  return null;
end
$$;

create function bump_policy_version_of_user() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
  as $$
begin
  update public.orgs set policy_version = policy_version + 1
    where uid in (select m.org_uid from public.memberships m where m.user_uid = new.uid);
  return null;
end
$$;

create function notify_policy_version() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
  as $$
begin
  perform pg_notify('gatehouse_policy_version', case tg_op when 'DELETE' then old.uid else new.uid end);
  return null;
end
$$;

create function bump_data_source_version() returns trigger
  language plpgsql set search_path = pg_catalog, public, pg_temp
  as $$
begin
  new.version := old.version + 1;
  return new;
end
$$;

create function touch_data_sources() returns trigger
  language plpgsql set search_path = pg_catalog, public, pg_temp
  as $$
begin
  update data_sources d set version = version
    where (d.org_uid, d.uid) in (select c.org_uid, c.data_source_uid from changed c);
  return null;
end
$$;

do $$
declare
  t text;
begin
  foreach t in array array[
    'tenants', 'memberships', 'teams', 'team_members', 'service_accounts',
    'folders', 'data_sources', 'shards', 'replicas', 'roles', 'grants', 'guardrails'
  ] loop
    execute format('create trigger policy_inserted after insert on %I referencing new table as changed
      for each statement execute function bump_policy_version()', t);
    execute format('create trigger policy_updated after update on %I referencing new table as changed
      for each statement execute function bump_policy_version()', t);
    execute format('create trigger policy_deleted after delete on %I referencing old table as changed
      for each statement execute function bump_policy_version()', t);
  end loop;
  foreach t in array array['shards', 'replicas'] loop
    execute format('create trigger data_source_inserted after insert on %I referencing new table as changed
      for each statement execute function touch_data_sources()', t);
    execute format('create trigger data_source_updated after update on %I referencing new table as changed
      for each statement execute function touch_data_sources()', t);
    execute format('create trigger data_source_deleted after delete on %I referencing old table as changed
      for each statement execute function touch_data_sources()', t);
  end loop;
end
$$;

create trigger data_source_version before update on data_sources
  for each row execute function bump_data_source_version();

create trigger user_changed after update of name, disabled on users
  for each row when (old.* is distinct from new.*) execute function bump_policy_version_of_user();

create function bump_own_policy_version() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
  as $$
begin
  new.policy_version := old.policy_version + 1;
  return new;
end
$$;
create trigger policy_updated before update of name, managed, platform, issuers on orgs
  for each row when (old.* is distinct from new.*) execute function bump_own_policy_version();
create trigger version_changed after insert or delete or update on orgs
  for each row execute function notify_policy_version();
