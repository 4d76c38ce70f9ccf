-- A role of one version means one thing, whoever writes it: other permissions need a higher version, through the API and in files.
create function check_role_version() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
  as $$
begin
  if new.version < old.version or new.version = old.version and new.permissions <> old.permissions then
    raise exception 'other permissions need a higher version of % than %', old.name, old.version using errcode = 'GH426';
  end if;
  return new;
end
$$;

create trigger version_grows before update of version, permissions on roles
  for each row execute function check_role_version();
