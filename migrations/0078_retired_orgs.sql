-- The uid of a deleted org is never used again: its audit log outlives it, and what is remembered under its name elsewhere must not
-- become another org's.

create table retired_orgs (
  uid uid primary key,
  deleted_at timestamptz not null default now()
);
grant select, insert on retired_orgs to gatehouse_definer;

create function retire_org() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
  as $$
begin
  insert into public.retired_orgs (uid) values (old.uid) on conflict do nothing;
  return null;
end
$$;

create function refuse_retired_org() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
  as $$
begin
  if exists (select from public.retired_orgs r where r.uid = new.uid) then
    raise exception 'the uid of a deleted org' using errcode = 'GH410';
  end if;
  return new;
end
$$;

do $$
declare
  f regprocedure;
  lent boolean;
begin
  lent := not pg_has_role(current_user, 'gatehouse_definer', 'usage');
  if lent then
    execute format('grant gatehouse_definer to %I', current_user);
  end if;
  grant create on schema public to gatehouse_definer;
  foreach f in array array['retire_org()', 'refuse_retired_org()']::regprocedure[]
  loop
    execute format('alter function %s owner to gatehouse_definer', f);
    execute format('revoke execute on function %s from public', f);
    execute format('grant execute on function %s to %I', f, current_user);
  end loop;
  revoke create on schema public from gatehouse_definer;
  create trigger retired after delete on orgs for each row execute function retire_org();
  create trigger not_retired before insert on orgs for each row execute function refuse_retired_org();
  if lent then
    execute format('revoke gatehouse_definer from %I', current_user);
  end if;
end
$$;
