-- Folders that files declare carry grants, so in an org whose access is in files only files change them. Others are content that
-- people make every day; whether files named one that exists already is known when they are applied next.
alter table folders
  add column origin text not null default 'content' check (origin in ('policy', 'content'));
create trigger managed_update before update of title, parent_uid on folders
  for each row when (old.origin = 'policy') execute function check_managed_row();
create trigger managed_delete before delete on folders
  for each row when (old.origin = 'policy') execute function check_managed_row();

-- Whether dashboards may be shared by link is access, so files say it where they declare the rest.
grant insert (public_sharing) on orgs to gatehouse_app;
