-- A session counts in every org its person came to, and is kept in one of them. Leaving that one leaves it in another.
do $$
declare
  lent boolean := not pg_has_role(current_user, 'gatehouse_definer', 'usage');
begin
  if lent then
    execute format('grant gatehouse_definer to %I', current_user);
  end if;
  grant create on schema public to gatehouse_definer;
  grant update (org_uid) on sessions to gatehouse_definer;

  create function move_sessions() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $f$
  declare
    other text;
  begin
    select m.org_uid into other from public.memberships m
      where m.user_uid = old.user_uid and m.org_uid <> old.org_uid
        and not exists (select from public.invitations i where i.org_uid = m.org_uid and i.user_uid = m.user_uid)
      order by m.disabled, m.org_uid limit 1;
    if other is not null then
      update public.sessions s set org_uid = other where s.org_uid = old.org_uid and s.user_uid = old.user_uid;
    end if;
    return old;
  end
  $f$;
  alter function move_sessions() owner to gatehouse_definer;
  revoke execute on function move_sessions() from public;
  create trigger sessions_stay before delete on memberships for each row execute function move_sessions();

  revoke create on schema public from gatehouse_definer;
  if lent then
    execute format('revoke gatehouse_definer from %I', current_user);
  end if;
end
$$;
