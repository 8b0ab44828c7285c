-- One transaction of pgbench: an update of one row, a sort, a hash of strings, and a document built and thrown away.
\set low random(1, 90000)
begin;
update pgbench_accounts set abalance = abalance + 1 where aid = :low;
select count(*), max(length(joined)) from
    (select bid, abalance, string_agg(md5(aid::text), ',' order by abalance, aid desc) joined
        from pgbench_accounts where aid between :low and :low + 4000 group by bid, abalance) grouped;
select length(jsonb_agg(account)::text) from pgbench_accounts account where aid between :low and :low + 1000;
commit;
