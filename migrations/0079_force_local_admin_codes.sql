-- As on every other table of an org: also for the owner.
alter table local_admin_codes force row level security;
