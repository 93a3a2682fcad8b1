// jsforce, the usual Node client of Salesforce, against the sandbox: each test reads its state back through the client.
import assert from "node:assert/strict";
import { before, test } from "node:test";

import jsforce from "jsforce";

const instanceUrl = process.env.SANDBOX_SALESFORCE;
const connect = (accessToken, version = "62.0") => new jsforce.Connection({ instanceUrl, accessToken, version });
const sf = connect("00D000000000000AAA!sandbox");
const contact = (name, more = {}) => ({ LastName: name, Email: `${name.toLowerCase()}@quillsleigh.example`, ...more });
const refused = (errorCode) => (error) => {
    assert.equal(error.errorCode ?? error.name, errorCode);
    return true;
};

async function control(path, body) {
    const answer = await fetch(`${instanceUrl}/_sandbox/${path}`, { method: "POST", body: JSON.stringify(body) });
    assert.equal(answer.status, 200, await answer.text());
}

async function made(kind, record) {
    const answer = await sf.sobject(kind).create(record);
    assert.equal(answer.success, true);
    assert.equal(answer.id.length, 18);
    return answer.id;
}

before(async () => {
    await control("reset", {});
    await control("limits", { on: false });
    await control("load", { crm: "salesforce", kind: "_settings", hardDelete: true });
});

test("a contact is created, read by both forms of its id, changed and cleared", async () => {
    const id = await made("Contact", contact("Ada", { Title: "Engineer", Phone: "+33 1 99 00 00 01" }));
    await sf.sobject("Contact").update({ Id: id, Title: "Director", Phone: null });

    const read = await sf.sobject("Contact").retrieve(id);
    assert.equal(read.Title, "Director");
    assert.equal(read.Phone, null);
    assert.ok(read.SystemModstamp >= read.CreatedDate);
    const short = await sf.sobject("Contact").retrieve(id.slice(0, 15));
    assert.equal(short.Id, id);
});

test("required, unknown, read-only and too long fields are refused by their code", async () => {
    await assert.rejects(sf.sobject("Contact").create({ FirstName: "Nobody" }), refused("REQUIRED_FIELD_MISSING"));
    await assert.rejects(sf.sobject("Contact").create(contact("Odd", { ShoeSize__c: 44 })), refused("INVALID_FIELD"));
    const id = await made("Contact", contact("Fixed"));
    await assert.rejects(sf.sobject("Contact").update({ Id: id, CreatedDate: "2020-01-01T00:00:00Z" }), refused("INVALID_FIELD_FOR_INSERT_UPDATE"));
    await assert.rejects(sf.sobject("Contact").create(contact("Long", { Title: "x".repeat(200) })), refused("STRING_TOO_LONG"));
});

test("queries filter, sort, count, group and follow parents and children", async () => {
    const account = await made("Account", { Name: "Quillsleigh Timber" });
    const ids = [];
    for (const name of ["Query1", "Query2", "Query3"]) ids.push(await made("Contact", contact(name, { AccountId: account, Department: "Query" })));
    await made("Task", { WhoId: ids[0], Subject: "Call back", Status: "Not Started" });

    const found = await sf.query("SELECT Id, LastName, Account.Name, (SELECT Subject FROM Tasks) FROM Contact WHERE Department = 'Query' ORDER BY LastName DESC");
    assert.deepEqual(found.records.map((row) => row.LastName), ["Query3", "Query2", "Query1"]);
    assert.equal(found.records[0].Account.Name, "Quillsleigh Timber");
    assert.equal(found.records[2].Tasks.records[0].Subject, "Call back");

    const filtered = await sf.sobject("Contact").find({ Department: "Query", LastName: { $like: "Query%" }, Phone: null }, "Id").limit(2);
    assert.equal(filtered.length, 2);
    const counted = await sf.query("SELECT COUNT() FROM Contact WHERE Department = 'Query' AND CreatedDate >= TODAY");
    assert.equal(counted.totalSize, 3);
    const grouped = await sf.query("SELECT Department, COUNT(Id) many, MAX(CreatedDate) latest FROM Contact WHERE Department = 'Query' GROUP BY Department");
    assert.equal(grouped.records[0].many, 3);
    await assert.rejects(sf.query("SELECT ShoeSize__c FROM Contact"), refused("INVALID_FIELD"));
    await assert.rejects(sf.query("SELECT Id FROM Contact WHERE"), refused("MALFORMED_QUERY"));
});

test("a long answer comes in pages, each row once", async () => {
    const rows = Array.from({ length: 450 }, (_, n) => contact(`Page${n}`, { Department: "Pages" }));
    const answers = await sf.sobject("Contact").create(rows, { allowRecursive: true });
    assert.ok(answers.every((item) => item.success));

    const seen = new Set();
    let page = await sf.query("SELECT Id FROM Contact WHERE Department = 'Pages'", { headers: { "Sforce-Query-Options": "batchSize=200" } });
    let pages = 1;
    for (;;) {
        for (const row of page.records) seen.add(row.Id);
        if (page.done) break;
        page = await sf.queryMore(page.nextRecordsUrl);
        pages += 1;
    }
    assert.equal(seen.size, 450);
    assert.equal(pages, 3);
});

test("collections answer row by row, or not at all when all or none is asked for", async () => {
    const rows = [contact("Rows1"), { FirstName: "Nameless" }];
    const partly = await sf.sobject("Contact").create(rows);
    assert.deepEqual(partly.map((item) => item.success), [true, false]);
    assert.equal(partly[1].errors[0].statusCode, "REQUIRED_FIELD_MISSING");

    const none = await sf.sobject("Contact").create(rows, { allOrNone: true });
    assert.deepEqual(none.map((item) => item.success), [false, false]);
    assert.equal(none[0].errors[0].statusCode, "ALL_OR_NONE_OPERATION_ROLLED_BACK");
    assert.equal((await sf.query("SELECT COUNT() FROM Contact WHERE LastName = 'Rows1'")).totalSize, 1);
});

test("what is deleted lies in the bin, and may be listed there until it is emptied", async () => {
    const id = await made("Contact", contact("Binned"));
    await sf.sobject("Contact").destroy(id);
    await assert.rejects(sf.sobject("Contact").retrieve(id), refused("ENTITY_IS_DELETED"));
    assert.equal((await sf.query(`SELECT Id FROM Contact WHERE Id = '${id}'`)).totalSize, 0);
    const all = await sf.query(`SELECT Id, IsDeleted FROM Contact WHERE Id = '${id}'`, { scanAll: true });
    assert.equal(all.records[0].IsDeleted, true);

    const deleted = await sf.sobject("Contact").deleted(new Date(Date.now() - 3_600_000).toISOString(), new Date(Date.now() + 60_000).toISOString());
    assert.ok(deleted.deletedRecords.some((item) => item.id === id));
});

test("bulk 2.0 takes rows in, updates, deletes and deletes for good", async () => {
    const rows = Array.from({ length: 30 }, (_, n) => ({ LastName: `Bulk${n}`, Department: "Bulk" }));
    const inserted = await sf.bulk2.loadAndWaitForResults({ object: "Contact", operation: "insert", input: rows });
    assert.equal(inserted.successfulResults.length, 30);
    const ids = inserted.successfulResults.map((row) => row.sf__Id);

    const updated = await sf.bulk2.loadAndWaitForResults({
        object: "Contact", operation: "update", input: [...ids.slice(0, 2).map((Id) => ({ Id, Title: "Bulky" })), { Id: "003000000000000AAA", Title: "x" }],
    });
    assert.equal(updated.successfulResults.length, 2);
    assert.equal(updated.failedResults.length, 1);
    assert.match(updated.failedResults[0].sf__Error, /^[A-Z_]+:/);

    await sf.bulk2.loadAndWaitForResults({ object: "Contact", operation: "delete", input: ids.slice(0, 10).map((Id) => ({ Id })) });
    await sf.bulk2.loadAndWaitForResults({ object: "Contact", operation: "hardDelete", input: ids.slice(10, 20).map((Id) => ({ Id })) });
    const left = await sf.query("SELECT COUNT() FROM Contact WHERE Department = 'Bulk'");
    assert.equal(left.totalSize, 10);
    const binned = await sf.query("SELECT Id FROM Contact WHERE Department = 'Bulk' AND IsDeleted = true", { scanAll: true });
    assert.deepEqual(new Set(binned.records.map((row) => row.Id)), new Set(ids.slice(0, 10)));
});

test("bulk 2.0 queries come as CSV, text with commas, quotes and line breaks intact", async () => {
    const text = 'He said: "no, thanks",\nand left';
    const id = await made("Contact", contact("Csv", { Department: "Csv", Description: text }));
    const stream = await sf.bulk2.query("SELECT Id, Description, Title FROM Contact WHERE Department = 'Csv'");
    const rows = await stream.toArray();
    assert.deepEqual(rows.map((row) => [row.Id, row.Description]), [[id, text]]);
});

test("notes are attached to people and found there", async () => {
    const id = await made("Contact", contact("Noted"));
    const before = (await sf.sobject("Contact").retrieve(id)).LastActivityDate;
    const note = await made("ContentNote", { Title: "GDPR", Content: Buffer.from("Kept until 2029.").toString("base64") });
    await made("ContentDocumentLink", { ContentDocumentId: note, LinkedEntityId: id, ShareType: "V" });
    const links = await sf.query(`SELECT ContentDocumentId FROM ContentDocumentLink WHERE LinkedEntityId = '${id}'`);
    assert.equal(links.records[0].ContentDocumentId, note);
    assert.equal((await sf.sobject("Contact").retrieve(id)).LastActivityDate, before);
});

test("an Individual carries the objections of its contact", async () => {
    const individual = await made("Individual", { LastName: "Objects", HasOptedOutSolicit: true });
    const id = await made("Contact", contact("Objects", { IndividualId: individual, HasOptedOutOfEmail: true, DoNotCall: true }));
    const [row] = (await sf.query(`SELECT HasOptedOutOfEmail, DoNotCall, Individual.HasOptedOutSolicit FROM Contact WHERE Id = '${id}'`)).records;
    assert.deepEqual([row.HasOptedOutOfEmail, row.DoNotCall, row.Individual.HasOptedOutSolicit], [true, true, true]);
});

test("describe tells fields, limits and who we are; users are listed", async () => {
    const described = await sf.sobject("Contact").describe();
    const field = described.fields.find((item) => item.name === "HasOptedOutOfEmail");
    assert.equal(field.type, "boolean");
    assert.equal(field.updateable, true);
    assert.ok((await sf.describeGlobal()).sobjects.some((item) => item.name === "Lead"));
    const me = await sf.identity();
    assert.match(me.organization_id, /^00D/);
    const limits = await sf.limits();
    assert.ok(limits.DailyApiRequests.Max >= limits.DailyApiRequests.Remaining);
    assert.ok((await sf.query("SELECT Id, Profile.Name, IsActive FROM User WHERE IsActive = true")).totalSize > 0);
});

test("a custom field is made through the tooling API and then filled", async () => {
    await sf.tooling.sobject("CustomField").create({
        FullName: "Contact.Favourite_Colour__c", Metadata: { label: "Favourite colour", type: "Text", length: 40 },
    });
    const id = await made("Contact", contact("Colour", { Favourite_Colour__c: "blue" }));
    assert.equal((await sf.sobject("Contact").retrieve(id)).Favourite_Colour__c, "blue");
});

test("every version from 51 to 68 answers, others do not", async () => {
    for (const version of ["51.0", "66.0", "68.0"]) {
        const found = await connect("sandbox", version).query("SELECT COUNT() FROM Contact");
        assert.ok(found.totalSize >= 0);
    }
    await assert.rejects(connect("sandbox", "12.0").query("SELECT COUNT() FROM Contact"));
});

test("an expired session and a read-only user are told apart", async () => {
    await assert.rejects(connect("sandbox-expired").query("SELECT Id FROM Contact"), refused("INVALID_SESSION_ID"));
    await assert.rejects(connect("sandbox-readonly").sobject("Contact").create(contact("Denied")));
});
