// Pipedrive's own Node client against the sandbox: each test reads its state back through the client.
import assert from "node:assert/strict";
import { before, test } from "node:test";

import { v1, v2 } from "pipedrive";

const url = process.env.SANDBOX_PIPEDRIVE;
const clients = (token) => {
    const one = new v1.Configuration({ apiKey: token, basePath: `${url}/api/v1` });
    const two = new v2.Configuration({ apiKey: token, basePath: `${url}/api/v2` });
    return {
        persons: new v2.PersonsApi(two), organizations: new v2.OrganizationsApi(two), deals: new v2.DealsApi(two),
        activities: new v2.ActivitiesApi(two), fields: new v2.PersonFieldsApi(two), fieldNumbers: new v1.PersonFieldsApi(one),
        notes: new v1.NotesApi(one), leads: new v1.LeadsApi(one), users: new v1.UsersApi(one), roles: new v1.RolesApi(one),
        permissionSets: new v1.PermissionSetsApi(one), filters: new v1.FiltersApi(one), people: new v1.PersonsApi(one),
    };
};
const pd = clients("sandbox");
const person = (name, more = {}) => ({ name, emails: [{ value: `${name.toLowerCase()}@quillsleigh.example`, primary: true, label: "work" }], ...more });
/** The client throws the body of a refusal. */
const refused = (text) => (body) => {
    assert.equal(body.success, false);
    assert.match(body.error, text);
    return true;
};

async function control(path, body) {
    const answer = await fetch(`${url}/_sandbox/${path}`, { method: "POST", body: JSON.stringify(body) });
    assert.equal(answer.status, 200, await answer.text());
}

async function made(name, more) {
    const answer = await pd.persons.addPerson({ AddPersonRequest: person(name, more) });
    assert.equal(answer.success, true);
    return answer.data;
}

before(async () => {
    await control("reset", {});
    await control("limits", { on: false });
    await control("load", { crm: "pipedrive", kind: "settings", campaigns: true });
});

test("a person is made, read, changed, cleared and deleted", async () => {
    const ada = await made("Ada", { phones: [{ value: "+33 1 99 00 00 01", primary: true, label: "work" }] });
    await pd.persons.updatePerson({ id: ada.id, UpdatePersonRequest: { name: "Ada Q", phones: [] } });
    const { data: read } = await pd.persons.getPerson({ id: ada.id });
    assert.equal(read.name, "Ada Q");
    assert.deepEqual(read.phones, []);
    assert.equal(read.emails[0].value, "ada@quillsleigh.example");
    assert.ok(read.update_time >= read.add_time);

    const { data: gone } = await pd.persons.deletePerson({ id: ada.id });
    assert.equal(gone.id, ada.id);
    await assert.rejects(pd.persons.getPerson({ id: ada.id }), refused(/not found/i));
    const { data: listed } = await pd.persons.getPersons({ ids: String(ada.id) });
    assert.deepEqual(listed, []);
});

test("a person without a name, and an unknown status, are refused", async () => {
    await assert.rejects(pd.persons.addPerson({ AddPersonRequest: { emails: [] } }), refused(/name/i));
    await assert.rejects(pd.persons.addPerson({ AddPersonRequest: person("Odd", { marketing_status: "loved" }) }), refused(/marketing_status|validation/i));
});

test("pages follow their cursor to the end, each person once", async () => {
    for (let n = 0; n < 25; n += 1) await made(`Page${n}`);
    const seen = [];
    let cursor;
    do {
        const page = await pd.persons.getPersons({ limit: 10, cursor, sort_by: "id" });
        assert.ok(page.data.length <= 10);
        seen.push(...page.data.map((item) => item.id));
        cursor = page.additional_data?.next_cursor;
    } while (cursor);
    assert.ok(seen.length >= 25);
    assert.equal(new Set(seen).size, seen.length);
});

test("what changed since a moment is listed alone", async () => {
    const early = await made("Early");
    await control("clock", { now: "2030-01-01T00:00:00Z" });
    const late = await made("Late");
    const { data } = await pd.persons.getPersons({ updated_since: "2029-12-31T00:00:00Z" });
    assert.deepEqual(data.map((item) => item.id), [late.id]);
    assert.ok(!data.some((item) => item.id === early.id));
    await control("clock", { now: null });
});

test("persons are searched by address, exactly", async () => {
    const found = await made("Sought");
    await made("Soughtafter");
    const { data } = await pd.persons.searchPersons({ term: "sought@quillsleigh.example", fields: "email", exact_match: true });
    assert.deepEqual(data.items.map((hit) => hit.item.id), [found.id]);
});

test("a marketing status only goes down: who unsubscribed is not subscribed again", async () => {
    const { id } = await made("Leaver", { marketing_status: "subscribed" });
    await pd.persons.updatePerson({ id, UpdatePersonRequest: { marketing_status: "unsubscribed" } });
    const status = async () => (await pd.persons.getPerson({ id, include_fields: "marketing_status" })).data.marketing_status;
    assert.equal(await status(), "unsubscribed");
    await pd.persons.updatePerson({ id, UpdatePersonRequest: { marketing_status: "subscribed" } }).catch(() => {});
    assert.equal(await status(), "unsubscribed");
});

test("a field is made with options, filled by option id, cleared, and deleted", async () => {
    const { data: field } = await pd.fields.addPersonField({
        AddPersonFieldRequest: { field_name: "Diet", field_type: "enum", options: [{ label: "Any" }, { label: "Vegan" }] },
    });
    assert.match(field.field_code, /^[0-9a-f]{40}$/);
    const option = field.options[1].id;
    const { id } = await made("Eater", { custom_fields: { [field.field_code]: option } });
    const value = async () => (await pd.persons.getPerson({ id })).data.custom_fields[field.field_code];
    assert.equal(await value(), option);
    await pd.persons.updatePerson({ id, UpdatePersonRequest: { custom_fields: { [field.field_code]: null } } });
    assert.equal(await value(), null);
    await pd.fields.deletePersonField({ field_code: field.field_code });
    const { data: left } = await pd.fields.getPersonFields({ limit: 500 });
    assert.ok(!left.some((item) => item.field_code === field.field_code));
});

test("notes are pinned to a person, listed by it, changed and deleted", async () => {
    const { id } = await made("Noted");
    const { data: note } = await pd.notes.addNote({ AddNoteRequest: { content: "GDPR: kept until 2029", person_id: id } });
    await pd.notes.updateNote({ id: note.id, NoteRequest: { content: "GDPR: kept until 2030" } });
    const { data: listed } = await pd.notes.getNotes({ person_id: id });
    assert.deepEqual(listed.map((item) => [item.id, item.content]), [[note.id, "GDPR: kept until 2030"]]);
    await pd.notes.deleteNote({ id: note.id });
    assert.deepEqual((await pd.notes.getNotes({ person_id: id })).data ?? [], []); // an empty list is null
});

test("activities, deals and organizations of a person are listed by it", async () => {
    const { data: firm } = await pd.organizations.addOrganization({ AddOrganizationRequest: { name: "Quillsleigh Timber" } });
    const { id } = await made("Buyer", { org_id: firm.id });
    const { data: deal } = await pd.deals.addDeal({ AddDealRequest: { title: "Timber", person_id: id, org_id: firm.id } });
    await pd.deals.updateDeal({ id: deal.id, UpdateDealRequest: { status: "won" } });
    const { data: call } = await pd.activities.addActivity({ AddActivityRequest: { subject: "Call", type: "call", participants: [{ person_id: id, primary: true }] } });

    const { data: deals } = await pd.deals.getDeals({ person_id: id });
    assert.deepEqual(deals.map((item) => [item.id, item.status]), [[deal.id, "won"]]);
    const { data: calls } = await pd.activities.getActivities({ person_id: id });
    assert.deepEqual(calls.map((item) => item.id), [call.id]);
    await pd.activities.deleteActivity({ id: call.id });
    assert.deepEqual((await pd.activities.getActivities({ person_id: id })).data, []);
});

test("leads are made for a person, archived apart, and deleted", async () => {
    const { id } = await made("Lead");
    const { data: lead } = await pd.leads.addLead({ AddLeadRequest: { title: "Lead", person_id: id } });
    assert.match(lead.id, /^[0-9a-f-]{36}$/);
    const ids = ({ data }) => (data ?? []).map((item) => item.id); // an empty list is null
    assert.deepEqual(ids(await pd.leads.getLeads({ person_id: id })), [lead.id]);
    await pd.leads.updateLead({ id: lead.id, UpdateLeadRequest: { is_archived: true } });
    assert.deepEqual(ids(await pd.leads.getLeads({ person_id: id })), []);
    assert.deepEqual(ids(await pd.leads.getArchivedLeads({ person_id: id })), [lead.id]);
    await pd.leads.deleteLead({ id: lead.id });
    assert.deepEqual(ids(await pd.leads.getArchivedLeads({ person_id: id })), []);
});

test("a merge leaves one person with both addresses", async () => {
    const [one, two] = [await made("Merge1"), await made("Merge2")];
    await pd.people.mergePersons({ id: two.id, MergePersonsRequest: { merge_with_id: one.id } });
    await assert.rejects(pd.persons.getPerson({ id: two.id }), refused(/not found/i));
    const { data } = await pd.persons.getPerson({ id: one.id });
    assert.deepEqual(data.emails.map((item) => item.value).sort(), ["merge1@quillsleigh.example", "merge2@quillsleigh.example"]);
});

test("a filter narrows a list", async () => {
    const { id } = await made("Filtered");
    const name = (await pd.fieldNumbers.getPersonFields()).data.find((item) => item.key === "name"); // filters want numbers
    const { data: filter } = await pd.filters.addFilter({
        AddFilterRequest: {
            name: "Filtered", type: "people",
            conditions: {
                glue: "and",
                conditions: [
                    { glue: "and", conditions: [{ object: "person", field_id: String(name.id), operator: "=", value: "Filtered", extra_value: null }] },
                    { glue: "or", conditions: [] },
                ],
            },
        },
    });
    const { data } = await pd.persons.getPersons({ filter_id: filter.id });
    assert.deepEqual(data.map((item) => item.id), [id]);
    await pd.filters.deleteFilter({ id: filter.id });
});

test("users, roles and permission sets are listed; we know who we are", async () => {
    const { data: me } = await pd.users.getCurrentUser();
    assert.ok(me.company_id);
    assert.ok(me.access.some((item) => item.app === "global" && item.admin));
    assert.ok((await pd.users.getUsers()).data.some((item) => item.id === me.id));
    assert.ok((await pd.roles.getRoles()).data.length > 0);
    assert.ok((await pd.permissionSets.getPermissionSets()).data.length > 0);
});

test("what v1 no longer does is gone", async () => {
    const answer = await fetch(`${url}/api/v1/persons`, { headers: { "x-api-token": "sandbox" } });
    assert.equal(answer.status, 410);
});

test("an unknown and an expired token are refused", async () => {
    await assert.rejects(clients("nobody").persons.getPersons(), refused(/unauthor/i));
    await assert.rejects(clients("sandbox-expired").persons.getPersons(), refused(/unauthor/i));
});
