"""The org itself: users, permissions, and the descriptions that are queried as rows (reference §6.5, §9)."""

from __future__ import annotations

PERMISSIONS = (
    "ApiEnabled",
    "ModifyAllData",
    "ViewAllData",
    "ViewSetup",
    "BulkApiHardDelete",
    "AllowViewEditConvertedLeads",
    "CustomizeApplication",
    "ManageUsers",
    "ViewAllUsers",
    "ExportReport",
    "DataExport",
    "ViewEncryptedData",
    "PasswordNeverExpires",
    "DeleteFieldHistory",
)
_PERMISSIONS = "\n".join(f"  Permissions{name} boolean" for name in PERMISSIONS)

_FILTER = "EntityDefinition.QualifiedApiName|EntityDefinitionId|DurableId"

SETUP = f"""\
object User 005 Users setup nodelete
  Username string 80 required unique
  LastName string 80 required
  FirstName string 40
  Name string 121 readonly name
  Email email 128 required
  Alias string 8 required
  Title string 80
  Department string 80
  Phone phone
  MobilePhone phone
  IsActive boolean default=true
  UserType picklist readonly default=Standard values=Standard|PowerCustomerSuccess|Guest|AutomatedProcess
  ProfileId reference Profile as=Profile required
  TimeZoneSidKey picklist default=UTC
  LastLoginDate datetime readonly
  LastPasswordChangeDate datetime readonly
  IndividualId reference Individual as=Individual
  FederationIdentifier string 512

object UserLogin 0Yw UserLogins setup nocreate nodelete
  UserId reference User readonly
  IsFrozen boolean
  IsPasswordLocked boolean readonly

object Profile 00e Profiles setup nocreate noupdate nodelete
  Name string 255 name
  UserType picklist values=Standard|Guest
  Description textarea 255
{_PERMISSIONS}

object PermissionSet 0PS PermissionSets setup nodelete
  Name string 80 required unique name
  Label string 80 required
  Description textarea 255
  IsOwnedByProfile boolean readonly
  ProfileId reference Profile as=Profile readonly
{_PERMISSIONS}

object PermissionSetAssignment 0Pa PermissionSetAssignments setup noupdate
  AssigneeId reference User as=Assignee children=PermissionSetAssignments required once
  PermissionSetId reference PermissionSet as=PermissionSet children=Assignments required once
  PermissionSetGroupId string 18 once

object Organization 00D Organizations setup nocreate noupdate nodelete
  Name string 80 name
  IsSandbox boolean readonly
  InstanceName string 5 readonly
  OrganizationType picklist readonly
  NamespacePrefix string 15 readonly
  PrimaryContact string 80
  DefaultLocaleSidKey picklist
  LanguageLocaleKey picklist
  TimeZoneSidKey picklist
  TrialExpirationDate datetime readonly
  PreferencesConsentManagementEnabled boolean readonly
  PreferencesAutoSelectIndividualOnMerge boolean readonly

object UserPermissionAccess 0up UserPermissionAccesses virtual nocreate noupdate nodelete nobulk
{_PERMISSIONS}

object EntityDefinition 000 EntityDefinitions virtual nocreate noupdate nodelete nobulk
  DurableId string 255 readonly
  QualifiedApiName string 255 readonly
  DeveloperName string 255 readonly
  Label string 255 readonly
  PluralLabel string 255 readonly
  KeyPrefix string 3 readonly
  IsCustomizable boolean readonly
  IsQueryable boolean readonly

object FieldDefinition 000 FieldDefinitions virtual nocreate noupdate nodelete nobulk needs={_FILTER}
  DurableId string 255 readonly
  QualifiedApiName string 255 readonly
  EntityDefinitionId reference EntityDefinition as=EntityDefinition readonly
  DeveloperName string 255 readonly
  Label string 255 readonly
  DataType string 255 readonly
  Length int readonly
  IsNillable boolean readonly
  IsCalculated boolean readonly
  IsCompound boolean readonly
  IsIndexed boolean readonly
  IsFieldHistoryTracked boolean readonly
  BusinessStatus picklist readonly
  SecurityClassification picklist readonly
  ComplianceGroup multipicklist readonly
  BusinessOwnerId reference User as=BusinessOwner readonly

object CustomField 00N CustomFields tooling setup
  DeveloperName string 80 readonly
  TableEnumOrId string 40 readonly
  ManageableState string 40 readonly
"""
