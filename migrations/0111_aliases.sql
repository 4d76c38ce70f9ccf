-- Servers that other orgs reach now through another label: what a gateway compares names with, as several may lead to one server. What
-- was reached once does not count here, or an alias that is gone would close its server for good.
create function reached_by_others(wanted_org text, wanted_label text) returns table (address text)
  language sql stable security definer set search_path = pg_catalog, public, pg_temp
  as $$
    select distinct r.address from reached_upstreams r where r.org_uid <> wanted_org and r.tenant_label <> wanted_label
    order by 1
  $$;

do $$
declare
  lent boolean := not pg_has_role(current_user, 'gatehouse_definer', 'usage');
begin
  if lent then
    execute format('grant gatehouse_definer to %I', current_user);
  end if;
  grant create on schema public to gatehouse_definer;
  alter function reached_by_others(text, text) owner to gatehouse_definer;
  revoke execute on function reached_by_others(text, text) from public;
  grant execute on function reached_by_others(text, text) to gatehouse_app;
  revoke create on schema public from gatehouse_definer;
  if lent then
    execute format('revoke gatehouse_definer from %I', current_user);
  end if;
end
$$;
