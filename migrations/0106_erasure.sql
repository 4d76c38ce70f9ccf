-- Erasing who a person was leaves nothing that leads to them: sessions, whose numbers events carry, and finished exports, which hold
-- names, go with the identity. What is under a legal hold is not erased.
do $do$
declare
  lent boolean := not pg_has_role(current_user, 'gatehouse_definer', 'usage');
begin
  -- Only its owner may replace a function.
  if lent then
    execute format('grant gatehouse_definer to %I', current_user);
  end if;
  create or replace function public.audit_erase(person text, within text) returns int
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
  declare
    erased int;
  begin
    if within is null and not public.app_audit_all() or within is distinct from public.app_org() and not public.app_audit_all() then
      raise exception 'not in this org' using errcode = 'insufficient_privilege';
    end if;
    if exists (select from public.audit_holds h
      where h.released_at is null and (within is null or h.org_uid is null or h.org_uid = within))
    then
      raise exception 'a legal hold is in force: nobody is erased until it is released' using errcode = 'GH425';
    end if;
    update public.audit_identities
      set uid = null, name = null, issuer = null, subject = null, salt = null, erased_at = now()
      where uid = person and (within is null or org_uid = within) and erased_at is null;
    get diagnostics erased = row_count;
    delete from public.sessions s where s.user_uid = person and (within is null or s.org_uid = within);
    delete from public.audit_exports x
      where x.state <> 'queued' and (within is null or x.org_uid is null or x.org_uid = within);
    return erased;
  end
  $$;
  if lent then
    execute format('revoke gatehouse_definer from %I', current_user);
  end if;
end
$do$;

create policy erase on audit_holds for select to gatehouse_definer using (true);
grant select on audit_holds to gatehouse_definer;
create policy erase on audit_exports to gatehouse_definer using (true);
grant select, delete on audit_exports to gatehouse_definer;
