-- Grants that end by themselves beside the declared ones, and links that open one dashboard to whoever has them.

-- `policy` is what files or administrators declare; the others are made by a procedure of their own, always end, and are left alone
-- when files are applied.
alter table grants
  add column origin text not null default 'policy' check (origin in ('policy', 'request', 'break-glass', 'share-link')),
  add constraint grants_temporary check (origin = 'policy' or expires_at is not null);
-- A share link acts as a service account that can do nothing but open its dashboard.
alter table service_accounts
  add column origin text not null default 'policy' check (origin in ('policy', 'share-link'));

-- Whether dashboards of the org may be opened by a link, without signing in.
alter table orgs add column public_sharing boolean not null default false;
grant update (public_sharing) on orgs to gatehouse_app;

-- Turning sharing off ends every link at once.
create function end_share_links() returns trigger
  language plpgsql set search_path = pg_catalog, public, pg_temp
  as $$
begin
  delete from service_accounts a where a.org_uid = new.uid and a.origin = 'share-link';
  return null;
end
$$;
create trigger sharing_ended after update of public_sharing on orgs
  for each row when (old.public_sharing and not new.public_sharing) execute function end_share_links();
