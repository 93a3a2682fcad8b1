"""What a company has from the start: fields, users, roles, permission sets, a pipeline, activity types."""

from __future__ import annotations

from connectors.sandbox.pipedrive.account import Account
from connectors.sandbox.pipedrive.counts import DEAL, ORGANIZATION, PERSON
from connectors.sandbox.state import Doc

BORN = "2020-01-01 09:00:00"
_BORN_V2 = "2020-01-01T09:00:00Z"
_PERSON = "name:varchar label_ids:set phone:phone email:varchar add_time:date update_time:date org_id:org owner_id:user"
_DEAL = (
    "title:varchar value:monetary currency:varchar person_id:people org_id:org owner_id:user pipeline_id:double "
    "stage_id:stage status:status label_ids:set probability:double lost_reason:varchar_options add_time:date "
    "update_time:date close_time:date won_time:date lost_time:date expected_close_date:date visible_to:visible_to"
)
_ORGANIZATION = (
    "name:varchar label_ids:set address:address website:varchar industry:enum employee_count:int annual_revenue:double "
    "owner_id:user add_time:date update_time:date visible_to:visible_to"
)
_ACTIVITY = (
    "subject:varchar type:varchar_options due_date:date due_time:time duration:time person_id:people org_id:org "
    "deal_id:deal lead_id:lead owner_id:user done:boolean note:text location:address add_time:date update_time:date"
)
_FIELDS = {
    "personFields": (_PERSON + " visible_to:visible_to picture_id:picture", PERSON),
    "organizationFields": (_ORGANIZATION, ORGANIZATION),
    "dealFields": (_DEAL, DEAL),
    "activityFields": (_ACTIVITY, {}),
}
_LABELS = [{"id": 1, "label": "Customer"}, {"id": 2, "label": "Hot lead"}, {"id": 3, "label": "Cold lead"}]

GLOBAL_ADMIN = "a5c1d6f0-5b7a-4a52-9d2e-0d6f2f9b1c01"
GLOBAL_REGULAR = "a5c1d6f0-5b7a-4a52-9d2e-0d6f2f9b1c02"
DEALS_ADMIN = "a5c1d6f0-5b7a-4a52-9d2e-0d6f2f9b1c03"
DEALS_REGULAR = "a5c1d6f0-5b7a-4a52-9d2e-0d6f2f9b1c04"
ACCOUNT_SETTINGS = "a5c1d6f0-5b7a-4a52-9d2e-0d6f2f9b1c05"
PROJECTS_MANAGER = "a5c1d6f0-5b7a-4a52-9d2e-0d6f2f9b1c06"
_COMMON_RIGHTS = "can_bulk_edit_items can_change_visibility_of_items can_see_other_users can_use_api can_share_filters"
_ADMIN_RIGHTS = _COMMON_RIGHTS + (
    " can_add_custom_fields can_edit_custom_fields can_delete_custom_fields can_export_data_from_lists can_use_import"
    " can_merge_people can_see_hidden_items_names can_see_company_wide_statistics can_follow_other_users"
)
_SETS = (
    (GLOBAL_ADMIN, "Global admin", "global", "admin", _ADMIN_RIGHTS),
    (GLOBAL_REGULAR, "Global regular user", "global", "regular", _COMMON_RIGHTS),
    (DEALS_ADMIN, "Deals admin", "sales", "admin", "can_delete_deals can_merge_deals can_edit_deals_closed_date"),
    (DEALS_REGULAR, "Deals regular user", "sales", "regular", "can_see_deals_list_summary can_use_email_tracking"),
    (ACCOUNT_SETTINGS, "Account settings", "account_settings", "admin", "can_see_security_dashboard"),
    (PROJECTS_MANAGER, "Projects manager", "projects", "manager", "can_see_other_users_statistics"),
)
ADMIN_ACCESS = (
    ("sales", True, DEALS_ADMIN),
    ("global", True, GLOBAL_ADMIN),
    ("account_settings", True, ACCOUNT_SETTINGS),
)
REGULAR_ACCESS = (("sales", False, DEALS_REGULAR), ("global", False, GLOBAL_REGULAR))
_TYPES = ("call", "meeting", "task", "deadline", "email", "lunch")
_STAGES = ("Qualified", "Contact made", "Demo scheduled", "Proposal made", "Negotiations started")


def field(account: Account, kind: str, code: str, name: str, type_: str, **more: object) -> Doc:
    """A field of an object, complete; `id` is the number that v1 knows it by."""
    now = {"add_time": BORN, "update_time": None, "created_by_user_id": None, "deleted": False}
    doc: Doc = {"id": account.new_id(kind), "field_code": code, "field_name": name, "field_type": type_}
    doc |= {"options": None, "subfields": None, "is_custom_field": False, "is_optional_response_field": False}
    return doc | now | more


def _fields(account: Account) -> None:
    for kind, (listed, extras) in _FIELDS.items():
        for item in listed.split():
            code, type_ = item.split(":")
            options = _LABELS if code == "label_ids" else None
            account.put(kind, field(account, kind, code, _name(code), type_, options=options), "field_code")
        for code in extras:
            type_ = "date" if code.endswith("_time") else "varchar" if "status" in code or "email" in code else "int"
            optional = field(account, kind, code, _name(code), type_, is_optional_response_field=True)
            account.put(kind, optional, "field_code")


def _name(code: str) -> str:
    return code.replace("_", " ").capitalize()


def user(id: int, name: str, admin: bool, email: str) -> Doc:
    """A user as v1 shows one, with the permission sets of an admin or of a regular user."""
    access = ADMIN_ACCESS if admin else REGULAR_ACCESS
    doc: Doc = {"id": id, "name": name, "default_currency": "EUR", "locale": "en_GB", "lang": 1, "email": email}
    doc |= {"phone": None, "activated": True, "last_login": "2026-11-20 08:00:00", "created": BORN, "modified": BORN}
    doc |= {"has_created_company": id % 100 == 1, "active_flag": True, "is_deleted": False, "icon_url": None}
    doc |= {"timezone_name": "Europe/Paris", "timezone_offset": "+01:00", "role_id": 2 if admin else 1}
    return doc | {"access": [{"app": app, "admin": flag, "permission_set_id": id_} for app, flag, id_ in access]}


def _people(account: Account, first: int) -> None:
    domain = f"{account.domain}.example"
    account.put("users", user(first, "Ada Admin", True, f"admin@{domain}"))
    account.put("users", user(first + 1, "Rob Regular", False, f"regular@{domain}"))
    account.reserve("users", first + 1)
    for id, name, parent in ((1, "(Unassigned users)", None), (2, "Admins", 1), (3, "Sales", 1)):
        account.put("roles", {"id": id, "parent_role_id": parent, "name": name, "active_flag": True})
    for uuid, name, app, type_, rights in _SETS:
        doc = {"id": uuid, "name": name, "description": f"{name} of {app}", "app": app, "type": type_}
        account.put("permissionSets", doc | {"contents": sorted(rights.split())})


def _sales(account: Account) -> None:
    stamps = {"is_deleted": False, "add_time": _BORN_V2, "update_time": _BORN_V2}
    pipeline: Doc = {"id": 1, "name": "Pipeline", "order_nr": 1, "is_deal_probability_enabled": False}
    account.put("pipelines", pipeline | stamps)
    for number, name in enumerate(_STAGES, 1):
        stage: Doc = {"id": number, "order_nr": number, "name": name, "deal_probability": 100, "pipeline_id": 1}
        account.put("stages", stage | {"is_deal_rot_enabled": False, "days_to_rotten": None} | stamps)
    for number, key in enumerate(_TYPES, 1):
        kind: Doc = {"id": number, "order_nr": number, "name": key.capitalize(), "key_string": key, "icon_key": key}
        kind |= {"active_flag": True, "color": "FFFFFF", "is_custom_flag": False, "add_time": BORN, "update_time": BORN}
        account.put("activityTypes", kind)
    account.reserve("activityTypes", len(_TYPES))


def found(account: Account, first_user: int) -> None:
    """Sets up a new company; its users get the ids from `first_user` on."""
    with account.state:
        _fields(account)
        _people(account, first_user)
        _sales(account)
