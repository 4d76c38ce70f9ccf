-- An org's access is declared in files or changed through the API, never silently both: whoever applies a file says so for the
-- transaction, and everybody else is refused while the org is managed in files.

create function check_managed() returns trigger
  language plpgsql set search_path = pg_catalog, public, pg_temp
  as $$
declare
  manager text;
begin
  -- What follows from a change elsewhere (a cascade) is not decided here.
  if pg_trigger_depth() = 1 then
    select o.managed into manager from orgs o where o.uid = app_org();
    if manager = 'files' and current_setting('app.managed_by', true) is distinct from 'files' then
      raise exception 'the access of this org is declared in files' using errcode = 'GH409';
    end if;
  end if;
  return null;
end
$$;

do $$
declare
  t text;
begin
  foreach t in array array['tenants', 'teams', 'data_sources', 'shards', 'replicas', 'roles', 'guardrails', 'grants'] loop
    execute format('create trigger managed before insert or update or delete on %I
      for each statement execute function check_managed()', t);
  end loop;
end
$$;

-- Disabling a service account is how one stops a leak, so it stays possible at once; so do tokens, sessions, folders
-- and dashboards, which are content.
create trigger managed before insert or delete or update of name, team_uid on service_accounts
  for each statement execute function check_managed();

create function check_managed_row() returns trigger
  language plpgsql set search_path = pg_catalog, public, pg_temp
  as $$
begin
  if pg_trigger_depth() = 1
    and current_setting('app.managed_by', true) is distinct from 'files'
    and exists (select from orgs o where o.uid = app_org() and o.managed = 'files')
  then
    raise exception 'the access of this org is declared in files' using errcode = 'GH409';
  end if;
  return case tg_op when 'DELETE' then old else new end;
end
$$;

-- What IdP groups give follows the sign-ins, also where files declare the rest.
create trigger managed_insert before insert or update on memberships
  for each row when (new.source = 'manual') execute function check_managed_row();
create trigger managed_delete before delete on memberships
  for each row when (old.source = 'manual') execute function check_managed_row();
create trigger managed_insert before insert or update on team_members
  for each row when (new.source = 'manual') execute function check_managed_row();
create trigger managed_delete before delete on team_members
  for each row when (old.source = 'manual') execute function check_managed_row();
