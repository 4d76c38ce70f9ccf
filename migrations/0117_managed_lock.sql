-- Files may adopt an org at the very moment at which somebody changes it through the API. Whoever comes second waits for the first and
-- sees what came of it: this lock is the one that raising the policy's version takes a little later, so nobody waits for longer.
create or replace function check_managed() returns trigger
  language plpgsql set search_path = pg_catalog, public, pg_temp
  as $$
declare
  manager text;
begin
  -- What follows from a change elsewhere (a cascade) is not decided here.
  if pg_trigger_depth() = 1 and current_setting('app.managed_by', true) is distinct from 'files' then
    select o.managed into manager from orgs o where o.uid = app_org() for no key update;
    if manager = 'files' then
      raise exception 'the access of this org is declared in files' using errcode = 'GH409';
    end if;
  end if;
  return null;
end
$$;

create or replace function check_managed_row() returns trigger
  language plpgsql set search_path = pg_catalog, public, pg_temp
  as $$
declare
  manager text;
begin
  if pg_trigger_depth() = 1 and current_setting('app.managed_by', true) is distinct from 'files' then
    select o.managed into manager from orgs o where o.uid = app_org() for no key update;
    if manager = 'files' then
      raise exception 'the access of this org is declared in files' using errcode = 'GH409';
    end if;
  end if;
  return case tg_op when 'DELETE' then old else new end;
end
$$;
