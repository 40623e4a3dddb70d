-- What POST /borrows asks of PostgreSQL, statement by statement (crates/borrowing/src/commands/request_borrow.rs), for a
-- random book and somebody who has never borrowed. The event's name is one that nobody listens to.
\set nth random(1, 12000)
select book_id, owner_id from pgbench_book where nth = :nth \gset
select gen_random_uuid() as borrower, gen_random_uuid() as borrow, gen_random_uuid() as event \gset
begin;
select owner_id from borrowing.lendable_book where book_id = :book_id and withdrawn is distinct from 'deleted';
insert into borrowing.member (id, version, name, active) values (:borrower, 0, '', true) on conflict (id) do nothing;
select active and closed_at is null from borrowing.member where id = :borrower for no key update;
select active and closed_at is null from borrowing.member where id = :owner_id for share;
select owner_id, lending, set_aside_at, withdrawn from borrowing.lendable_book where book_id = :book_id for update;
select * from borrowing.borrow
where book_id = :book_id and status in ('pending', 'queued', 'approved', 'active', 'return_pending', 'disputed')
order by queued_at, id;
select count(*) from borrowing.borrow where borrower_id = :borrower and status in ('pending', 'queued', 'approved');
select today, in_vain, last_in_vain
from (select count(*) as today from (
    select from borrowing.borrow where borrower_id = :borrower and requested_at > now() - interval '1 day' limit 1000000
) requests) requested,
(select count(*) as in_vain, max(closed_at) as last_in_vain from borrowing.borrow
    where borrower_id = :borrower and owner_id = :owner_id and turned_down and closed_at > now() - interval '30 days') vain;
insert into borrowing.borrow
    (id, book_id, owner_id, borrower_id, status, days, requested_at, queued_at, expires_at, remind_at, version)
values (:borrow, :book_id, :owner_id, :borrower, 'pending', 14, now(), now(), now() + interval '7 days',
    now() + interval '3 days', 1);
insert into event_bus.log
    (id, name, version, aggregate_type, aggregate_id, aggregate_version, payload, actor, trace, occurred_at)
select e.id, e.name, e.version, e.type, e.aggregate, 1, e.payload, '{"kind": "system", "name": "pgbench"}', null, now()
from unnest(array[:event::uuid], array['pgbench.borrow_created'], array[1::smallint], array['pgbench'],
    array[:borrow::uuid], array['{"bookId":"a","ownerId":"b","borrowerId":"c","days": 14}'::jsonb])
    as e (id, name, version, type, aggregate, payload)
returning position, transaction_id;
select b.*, l.title, l.authors, o.name, m.name,
    (select count(*) from borrowing.borrow q
    where q.book_id = b.book_id and q.status = 'queued' and (q.queued_at, q.id) <= (b.queued_at, b.id))
from borrowing.borrow b
join borrowing.lendable_book l using (book_id)
left join borrowing.member o on o.id = b.owner_id
left join borrowing.member m on m.id = b.borrower_id
where b.id = :borrow;
commit;
