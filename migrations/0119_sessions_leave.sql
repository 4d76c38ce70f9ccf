-- An org that somebody is leaving at the same moment is no place to keep their session in: the removal there would fail.
do $$
declare
  lent boolean := not pg_has_role(current_user, 'gatehouse_definer', 'usage');
begin
  if lent then
    execute format('grant gatehouse_definer to %I', current_user);
  end if;
  grant create on schema public to gatehouse_definer;
  -- To lock a row takes the right to change one.
  grant update (disabled) on memberships to gatehouse_definer;

  create or replace function move_sessions() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $f$
  declare
    other text;
  begin
    select m.org_uid into other from public.memberships m
      where m.user_uid = old.user_uid and m.org_uid <> old.org_uid
        and not exists (select from public.invitations i where i.org_uid = m.org_uid and i.user_uid = m.user_uid)
      order by m.disabled, m.org_uid limit 1 for key share of m skip locked;
    if other is not null then
      update public.sessions s set org_uid = other where s.org_uid = old.org_uid and s.user_uid = old.user_uid;
    end if;
    return old;
  end
  $f$;
  revoke create on schema public from gatehouse_definer;
  if lent then
    execute format('revoke gatehouse_definer from %I', current_user);
  end if;
end
$$;
