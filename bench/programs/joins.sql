-- A database in memory: inserts, indexes, joins, a window, updates. NROWS is replaced by the number of items.
create table item(id integer primary key, name text, kind integer, price real, body blob);
with recursive n(i) as (select 1 union all select i + 1 from n where i < NROWS)
insert into item select i, 'item ' || (i * 7919 % 30011), i % 97, i * 0.25, zeroblob(i % 300) from n;
create table sale(id integer primary key, item integer, amount integer);
with recursive n(i) as (select 1 union all select i + 1 from n where i < NROWS * 2)
insert into sale select i, 1 + i * 104729 % NROWS, i % 13 from n;
create index item_name on item(name);
create index item_kind on item(kind, price);
create index sale_item on sale(item);
select kind, count(*), sum(amount * price) from item join sale on sale.item = item.id group by kind order by 3 desc, 1;
select name, rank() over (partition by kind order by price desc) as place from item order by place, name limit 60;
select length(group_concat(name, ';')) from (select name from item order by body, name);
select length(json_group_array(json_object('id', id, 'name', name))) from item;
update item set body = zeroblob(900) where id % 5 = 0;
delete from sale where item % 3 = 0;
select count(*), sum(length(body)) from item;
select count(*), sum(amount) from sale;
