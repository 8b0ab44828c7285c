#!/bin/bash
# timeout: 120
# sqlite3: tables, indexes, joins, a recursive query, window functions, vacuum. Its own pages and its sorter
# are large and small blocks that live long.
. "$(dirname "$0")/lib.sh"
preload_begin sqlite3

fill() {
    cat <<'SQL'
create table item(id integer primary key, name text, kind integer, price real, body blob);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 30000)
insert into item select i, 'item ' || (i * 7919 % 30011), i % 97, i * 0.25, zeroblob(i % 300) from n;
create table sale(id integer primary key, item integer references item(id), amount integer);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 40000)
insert into sale select i, 1 + i * 104729 % 30000, i % 13 from n;
create index item_name on item(name);
create index item_kind on item(kind, price);
create index sale_item on sale(item);
SQL
}

queries() {
    cat <<'SQL'
select kind, count(*), sum(amount * price) from item join sale on sale.item = item.id
    group by kind order by 3 desc, 1;
select a.name, b.name from item a join item b on b.id = a.id * 2 and a.kind = b.kind order by a.name limit 40;
select name, rank() over (partition by kind order by price desc) as place from item
    order by place, name limit 60;
select group_concat(name, ';') from (select name from item where kind = 5 order by name);
with recursive fib(n, a, b) as (values(0, 0, 1) union all select n + 1, b, a + b from fib where n < 80)
    select n, a from fib;
select json_group_array(json_object('id', id, 'name', name)) from item where id % 500 = 0;
select upper(hex(substr(body, 1, 8))), length(body) from item where id between 290 and 310;
SQL
}

database() {
    { fill; queries; } | sqlite3 test.db
    sqlite3 test.db 'delete from item where id % 3 = 0; update item set body = zeroblob(900) where id % 5 = 0;
        vacuum; pragma integrity_check; analyze; select count(*), sum(length(body)) from item;'
    sqlite3 test.db .dump | cksum
    rm test.db
}

memory() {
    {
        fill
        queries
        echo 'create table copy as select * from item order by body, name; select count(*) from copy;'
    } | sqlite3 :memory:
}

mistakes() {
    printf '%s;\n' 'create table t(a unique)' 'insert into t values(1),(1)' \
        'select * fom t' 'select b from t' | sqlite3 -batch :memory: && return 1
    echo "status $?"
}

preload_scenario "a database in a file" database sqlite3
preload_scenario "a database in memory" memory sqlite3
preload_scenario "errors" mistakes sqlite3
preload_end
