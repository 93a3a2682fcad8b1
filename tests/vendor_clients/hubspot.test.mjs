// HubSpot's own Node client against the sandbox: each test writes through the client and reads the state back through it.
import assert from "node:assert/strict";
import { before, test } from "node:test";

import { Client } from "@hubspot/api-client";

const basePath = process.env.SANDBOX_HUBSPOT;
const hubspot = new Client({ accessToken: "sandbox", basePath, numberOfApiCallRetries: 0 });
const { contacts, companies, properties, owners, associations, objects } = hubspot.crm;
const person = (local, more = {}) => ({ properties: { email: `${local}@quillsleigh.example`, lastname: "Quillsleigh", ...more } });
const refused = (code, category) => (error) => {
    assert.equal(error.code, code);
    if (category) assert.equal(error.body.category, category);
    return true;
};

async function api(method, path, body) {
    const answer = await hubspot.apiRequest({ method, path, body });
    const text = await answer.text();
    return { status: answer.status, body: text ? JSON.parse(text) : undefined };
}

async function control(path, body) {
    const answer = await fetch(`${basePath}/_sandbox/${path}`, { method: "POST", body: JSON.stringify(body) });
    assert.equal(answer.status, 200);
}

const load = (line) => control("load", { crm: "hubspot", ...line });

/** The search index lags behind writes: a minute on the sandbox's clock brings it up to date. */
async function later(minutes = 1) {
    await control("clock", { now: new Date(Date.now() + minutes * 60_000).toISOString() });
}

before(async () => {
    await control("reset", {});
    await control("limits", { on: false });
    await load({ kind: "settings", tier: "enterprise", searchLagSeconds: 30 });
});

test("a contact is created, read, changed, cleared and archived", async () => {
    const made = await contacts.basicApi.create(person("ada", { phone: "+33 1 99 00 00 01", jobtitle: "Engineer" }));
    assert.match(made.id, /^\d+$/);
    assert.equal(made.archived, false);

    await contacts.basicApi.update(made.id, { properties: { jobtitle: "Director", phone: "" } });
    const read = await contacts.basicApi.getById(made.id, ["email", "jobtitle", "phone", "createdate"]);
    assert.equal(read.properties.jobtitle, "Director");
    assert.ok(!read.properties.phone);
    assert.ok(read.updatedAt >= made.updatedAt);

    const byMail = await contacts.basicApi.getById("ADA@quillsleigh.example", ["email"], undefined, undefined, false, "email");
    assert.equal(byMail.id, made.id);

    await contacts.basicApi.archive(made.id);
    await assert.rejects(contacts.basicApi.getById(made.id), refused(404));
    const bin = await contacts.basicApi.getPage(100, undefined, ["email"], undefined, undefined, true);
    const binned = bin.results.find((item) => item.id === made.id);
    assert.equal(binned.archived, true);
    assert.ok(binned.archivedAt instanceof Date);
});

test("an address is one contact's: a second one with it is a conflict", async () => {
    const made = await contacts.basicApi.create(person("unique"));
    await assert.rejects(contacts.basicApi.create(person("UNIQUE")), (error) => {
        assert.equal(error.code, 409);
        assert.match(error.body.message, new RegExp(`Existing ID: ${made.id}`));
        return true;
    });
});

test("unknown and read-only properties are refused, by name", async () => {
    await assert.rejects(contacts.basicApi.create(person("odd", { shoe_size: "44" })), (error) => {
        assert.equal(error.code, 400);
        assert.equal(error.body.category, "VALIDATION_ERROR");
        assert.match(error.body.message, /shoe_size/);
        return true;
    });
    const made = await contacts.basicApi.create(person("fixed"));
    await assert.rejects(
        contacts.basicApi.update(made.id, { properties: { createdate: "2020-01-01T00:00:00Z" } }),
        refused(400, "VALIDATION_ERROR"),
    );
});

test("pages follow their cursor to the end, each contact once", async () => {
    const inputs = Array.from({ length: 100 }, (_, n) => person(`page${n}`));
    await contacts.batchApi.create({ inputs });
    await contacts.batchApi.create({ inputs: Array.from({ length: 30 }, (_, n) => person(`more${n}`)) });
    await assert.rejects(contacts.basicApi.getPage(101), refused(400));

    const seen = [];
    let after;
    do {
        const page = await contacts.basicApi.getPage(50, after, ["email"]);
        assert.ok(page.results.length <= 50);
        seen.push(...page.results.map((item) => item.id));
        after = page.paging?.next?.after;
    } while (after);
    assert.equal(new Set(seen).size, seen.length);
    assert.equal((await contacts.getAll()).length, seen.length);
    assert.ok(seen.length >= 130);
});

test("batches answer row by row: what is unknown is an error among results", async () => {
    const { results } = await contacts.batchApi.create({ inputs: [person("batch1"), person("batch2")] });
    const ids = results.map((item) => item.id);
    await contacts.batchApi.update({ inputs: ids.map((id) => ({ id, properties: { city: "Lyon" } })) });

    const read = await contacts.batchApi.read({
        inputs: [...ids, "999999999"].map((id) => ({ id })), properties: ["city"], propertiesWithHistory: [],
    });
    assert.deepEqual(read.results.map((item) => item.properties.city), ["Lyon", "Lyon"]);
    assert.equal(read.numErrors, 1);
    assert.equal(read.errors[0].category, "OBJECT_NOT_FOUND");

    const byMail = await contacts.batchApi.read({
        inputs: [{ id: "batch1@quillsleigh.example" }], idProperty: "email", properties: ["email"], propertiesWithHistory: [],
    });
    assert.equal(byMail.results[0].id, ids[0]);

    await contacts.batchApi.archive({ inputs: ids.map((id) => ({ id })) });
    const gone = await contacts.batchApi.read({ inputs: ids.map((id) => ({ id })), properties: [], propertiesWithHistory: [] });
    assert.equal(gone.results.length, 0);
});

test("a batch has at most 100 rows", async () => {
    const inputs = Array.from({ length: 101 }, (_, n) => ({ id: String(n + 1) }));
    await assert.rejects(contacts.batchApi.read({ inputs, properties: [], propertiesWithHistory: [] }), refused(400));
});

test("upsert finds by address and makes what is not there", async () => {
    const made = await contacts.basicApi.create(person("upsert1"));
    const { results } = await contacts.batchApi.upsert({
        inputs: ["upsert1", "upsert2"].map((name) => ({
            id: `${name}@quillsleigh.example`, idProperty: "email", properties: { email: `${name}@quillsleigh.example`, city: "Nantes" },
        })),
    });
    assert.equal(results.length, 2);
    const one = results.find((item) => item.id === made.id);
    assert.equal(one._new ?? one.new, false);
    const read = await contacts.basicApi.getById(made.id, ["city"]);
    assert.equal(read.properties.city, "Nantes");
});

test("search filters and sorts, after its lag, and answers no more than five groups and 10,000 hits", async () => {
    await contacts.batchApi.create({ inputs: [person("find1", { city: "Brest" }), person("find2", { city: "Brest" })] });
    const ask = (filterGroups, more = {}) =>
        contacts.searchApi.doSearch({ filterGroups, properties: ["email", "city"], limit: 10, ...more });
    const brest = [{ filters: [{ propertyName: "city", operator: "EQ", value: "Brest" }] }];

    assert.equal((await ask(brest)).total, 0, "a record just written is not found yet");
    await later();
    const found = await ask(brest, { sorts: ["email"] });
    assert.deepEqual(found.results.map((item) => item.properties.email), ["find1@quillsleigh.example", "find2@quillsleigh.example"]);

    const first = await ask(brest, { limit: 1 });
    const second = await ask(brest, { limit: 1, after: first.paging.next.after });
    assert.notEqual(first.results[0].id, second.results[0].id);
    assert.equal(second.paging, undefined);

    await assert.rejects(ask(Array(6).fill(brest[0])), refused(400));
    await assert.rejects(ask(brest, { limit: 201 }), refused(400));
    await assert.rejects(ask(brest, { after: "10000" }), refused(400));
});

test("gdpr-delete forgets a contact for good, bin included", async () => {
    const made = await contacts.basicApi.create(person("forget"));
    const note = await objects.notes.basicApi.create({
        properties: { hs_timestamp: new Date().toISOString(), hs_note_body: "asked to be forgotten" },
        associations: [{ to: { id: made.id }, types: [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: 202 }] }],
    });
    assert.equal(String((await associations.v4.basicApi.getPage("contacts", made.id, "notes")).results[0].toObjectId), note.id);

    await contacts.basicApi.purge({ objectId: made.id });

    await assert.rejects(contacts.basicApi.getById(made.id), refused(404));
    const bin = await contacts.basicApi.getPage(100, undefined, [], undefined, undefined, true);
    assert.ok(bin.results.every((item) => item.id !== made.id));
});

test("gdpr-delete by address binds forms, not the API: the contact can be made again, as another one", async () => {
    const made = await contacts.basicApi.create(person("blocked"));
    await contacts.basicApi.purge({ objectId: "blocked@quillsleigh.example", idProperty: "email" });
    const again = await contacts.basicApi.create(person("blocked"));
    assert.notEqual(again.id, made.id);
    await contacts.basicApi.purge({ objectId: "never.seen@quillsleigh.example", idProperty: "email" });
    await assert.rejects(contacts.basicApi.purge({ objectId: "999999999" }), refused(404));
});

test("notes and companies are associated and let go again", async () => {
    const made = await contacts.basicApi.create(person("linked"));
    const company = await companies.basicApi.create({ properties: { name: "Quillsleigh Timber", domain: "quillsleigh.example" } });
    await associations.v4.basicApi.createDefault("contacts", made.id, "companies", company.id);
    const note = await objects.notes.basicApi.create({ properties: { hs_timestamp: new Date().toISOString(), hs_note_body: "GDPR" } });
    await associations.v4.basicApi.createDefault("notes", note.id, "contacts", made.id);

    const read = await contacts.basicApi.getById(made.id, [], undefined, ["companies", "notes"]);
    assert.deepEqual([...new Set(read.associations.companies.results.map((item) => item.id))], [company.id]);
    assert.deepEqual([...new Set(read.associations.notes.results.map((item) => item.id))], [note.id]);

    const { results } = await associations.v4.batchApi.getPage("contacts", "notes", { inputs: [{ id: made.id }] });
    assert.equal(String(results[0].to[0].toObjectId), note.id);
    const labels = results[0].to[0].associationTypes;
    assert.ok(labels.some((item) => item.category === "HUBSPOT_DEFINED"));

    await associations.v4.basicApi.archive("contacts", made.id, "companies", company.id);
    assert.equal((await associations.v4.basicApi.getPage("contacts", made.id, "companies")).results.length, 0);
    await objects.notes.basicApi.archive(note.id);
    assert.equal((await associations.v4.basicApi.getPage("contacts", made.id, "notes")).results.length, 0);
});

test("a merge leaves one contact, which answers to both ids", async () => {
    const { results } = await contacts.batchApi.create({ inputs: [person("merge1"), person("merge2")] });
    const merged = await contacts.basicApi.merge({ primaryObjectId: results[0].id, objectIdToMerge: results[1].id });
    const read = await contacts.basicApi.getById(results[1].id, ["email", "hs_additional_emails", "hs_merged_object_ids"]);
    assert.equal(read.id, merged.id);
    assert.match(read.properties.hs_additional_emails, /quillsleigh\.example/);
    assert.ok(read.properties.hs_merged_object_ids);
});

test("a subscription is left, and everything is left at once", async () => {
    const email = "leaves@quillsleigh.example";
    await contacts.basicApi.create(person("leaves"));
    const { results } = await hubspot.communicationPreferences.definitionApi.getPage().then((page) => ({ results: page.subscriptionDefinitions }));
    const marketing = results[0];

    await hubspot.communicationPreferences.statusApi.unsubscribe({ emailAddress: email, subscriptionId: String(marketing.id) });
    const status = await hubspot.communicationPreferences.statusApi.getEmailStatus(email);
    assert.equal(status.subscriptionStatuses.find((item) => String(item.id) === String(marketing.id)).status, "NOT_SUBSCRIBED");

    const all = await api("POST", `/communication-preferences/v4/statuses/${encodeURIComponent(email)}/unsubscribe-all?channel=EMAIL`);
    assert.equal(all.status, 200);
    const wide = await api("GET", `/communication-preferences/v4/statuses/${encodeURIComponent(email)}/unsubscribe-all?channel=EMAIL`);
    assert.ok(JSON.stringify(wide.body).includes("UNSUBSCRIBED"));
    const many = await api("POST", "/communication-preferences/v4/statuses/batch/unsubscribe-all/read?channel=EMAIL", { inputs: [email] });
    assert.ok(JSON.stringify(many.body).includes(email));
    await later();
    const read = await contacts.basicApi.getById(email, ["hs_email_optout"], undefined, undefined, false, "email");
    assert.equal(read.properties.hs_email_optout, "true");
});

test("a property is made, filled, listed and archived", async () => {
    await properties.coreApi.create("contacts", {
        name: "favourite_colour", label: "Favourite colour", groupName: "contactinformation", type: "enumeration", fieldType: "select",
        options: [{ label: "Blue", value: "blue", hidden: false, displayOrder: 1 }],
    });
    const made = await contacts.basicApi.create(person("colour", { favourite_colour: "blue" }));
    await assert.rejects(contacts.basicApi.update(made.id, { properties: { favourite_colour: "red" } }), refused(400, "VALIDATION_ERROR"));
    const listed = await properties.coreApi.getAll("contacts");
    assert.ok(listed.results.some((item) => item.name === "favourite_colour"));
    await properties.coreApi.archive("contacts", "favourite_colour");
    await assert.rejects(properties.coreApi.getByName("contacts", "favourite_colour"), refused(404));
});

test("owners and users are listed", async () => {
    const page = await owners.ownersApi.getPage();
    assert.ok(page.results.length > 0);
    const one = await owners.ownersApi.getById(Number(page.results[0].id));
    assert.equal(one.id, page.results[0].id);
    const users = await hubspot.settings.users.usersApi.getPage();
    assert.ok(users.results.length > 0);
});

test("an unknown token and a missing scope are told apart", async () => {
    const nobody = new Client({ accessToken: "nobody", basePath, numberOfApiCallRetries: 0 });
    await assert.rejects(nobody.crm.contacts.basicApi.getPage(), refused(401));
    const reader = new Client({ accessToken: "sandbox-lacks:crm.objects.contacts.write", basePath, numberOfApiCallRetries: 0 });
    await assert.rejects(reader.crm.contacts.basicApi.create(person("scope")), refused(403, "MISSING_SCOPES"));
});

test("too many calls are answered 429 with the policy by name", async () => {
    await control("limits", { on: true });
    try {
        const answers = await Promise.allSettled(Array.from({ length: 220 }, () => contacts.basicApi.getPage(1)));
        const failed = answers.filter((item) => item.status === "rejected").map((item) => item.reason);
        assert.ok(failed.length > 0);
        for (const error of failed) assert.equal(error.code, 429);
        assert.match(failed[0].body.policyName, /SECONDLY/);
    } finally {
        await control("limits", { on: false });
    }
});
