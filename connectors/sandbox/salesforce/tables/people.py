"""Objects that hold people, and their consent records (reference §6)."""

from __future__ import annotations

_LEAD_STATUS = "Open_-_Not_Contacted|Working_-_Contacted|Closed_-_Converted|Closed_-_Not_Converted"

PEOPLE = f"""\
object Account 001 Accounts owner history merge
  Name string 255 required name
  Type picklist values=Prospect|Customer|Partner|Competitor|Other
  ParentId reference Account as=Parent children=ChildAccounts
  MasterRecordId reference Account as=MasterRecord readonly keep
  address Billing
  address Shipping
  Phone phone
  Fax phone
  AccountNumber string 40
  Website url
  Industry picklist values=Agriculture|Banking|Education|Healthcare|Manufacturing|Technology|Other
  AnnualRevenue currency
  NumberOfEmployees int
  Rating picklist values=Hot|Warm|Cold
  Description textarea 32000
  AccountSource picklist values=Web|Phone_Inquiry|Partner_Referral|Purchased_List|Other
  LastActivityDate date readonly

object Contact 003 Contacts owner history merge
  MasterRecordId reference Contact as=MasterRecord readonly keep
  AccountId reference Account as=Account children=Contacts cascade
  LastName string 80 required
  FirstName string 40
  Salutation picklist values=Mr.|Ms.|Mrs.|Dr.|Prof.
  Name string 121 readonly name
  address Mailing
  address Other
  Phone phone
  Fax phone
  MobilePhone phone
  HomePhone phone
  OtherPhone phone
  AssistantName string 40
  AssistantPhone phone
  ReportsToId reference Contact as=ReportsTo children=DirectReports
  Email email lookup
  Title string 128
  Department string 80
  LeadSource picklist values=Web|Phone_Inquiry|Partner_Referral|Purchased_List|Other
  Birthdate date
  Description textarea 32000
  HasOptedOutOfEmail boolean default=false
  HasOptedOutOfFax boolean default=false
  DoNotCall boolean default=false
  EmailBouncedReason string 255
  EmailBouncedDate datetime
  IsEmailBounced boolean readonly
  IndividualId reference Individual as=Individual children=Contacts
  LastActivityDate date readonly
  LastCURequestDate datetime readonly
  LastCUUpdateDate datetime readonly
  Jigsaw string 20

object Lead 00Q Leads owner history merge
  MasterRecordId reference Lead as=MasterRecord readonly keep
  LastName string 80 required
  FirstName string 40
  Salutation picklist values=Mr.|Ms.|Mrs.|Dr.|Prof.
  Name string 121 readonly name
  Title string 128
  Company string 255 required
  address
  Phone phone
  MobilePhone phone
  Fax phone
  Email email lookup
  Website url
  Description textarea 32000
  LeadSource picklist values=Web|Phone_Inquiry|Partner_Referral|Purchased_List|Other
  Status picklist required default=Open_-_Not_Contacted values={_LEAD_STATUS}
  Industry picklist values=Agriculture|Banking|Education|Healthcare|Manufacturing|Technology|Other
  Rating picklist values=Hot|Warm|Cold
  AnnualRevenue currency
  NumberOfEmployees int
  IsConverted boolean readonly
  ConvertedDate date readonly
  ConvertedAccountId reference Account as=ConvertedAccount readonly keep
  ConvertedContactId reference Contact as=ConvertedContact readonly keep
  ConvertedOpportunityId reference Opportunity as=ConvertedOpportunity readonly keep
  IsUnreadByOwner boolean default=true
  HasOptedOutOfEmail boolean default=false
  HasOptedOutOfFax boolean default=false
  DoNotCall boolean default=false
  EmailBouncedReason string 255
  EmailBouncedDate datetime
  IndividualId reference Individual as=Individual children=Leads
  LastActivityDate date readonly
  LastTransferDate date readonly

object Individual 0PK Individuals owner
  LastName string 80 required
  FirstName string 40
  Salutation picklist values=Mr.|Ms.|Mrs.|Dr.|Prof.
  Name string 121 readonly name
  BirthDate date
  HasOptedOutTracking boolean default=false
  HasOptedOutProfiling boolean default=false
  HasOptedOutProcessing boolean default=false
  HasOptedOutSolicit boolean default=false
  HasOptedOutGeoTracking boolean default=false
  ShouldForget boolean default=false
  SendIndividualData boolean default=false
  CanStorePiiElsewhere boolean default=false
  IndividualsAge picklist values=13_or_older|16_or_older

object ContactPointTypeConsent 0Zc ContactPointTypeConsents owner
  Name string 255 required name
  PartyId reference Individual as=Party children=ContactPointTypeConsents required cascade
  ContactPointType picklist required values=Email|Phone|MailingAddress|Social|Web
  DataUsePurposeId reference DataUsePurpose as=DataUsePurpose
  PrivacyConsentStatus picklist required restricted values=NotSeen|Seen|OptIn|OptOut
  CaptureDate datetime required
  CaptureContactPointType picklist required values=Email|Phone|MailingAddress|Social|Web
  CaptureSource string 255 required
  DoubleConsentCaptureDate datetime
  EffectiveFrom datetime
  EffectiveTo datetime

object ContactPointEmail 9Vl ContactPointEmails owner
  Name string 255 readonly name
  ParentId reference Account|Individual as=Parent children=ContactPointEmails cascade
  EmailAddress email 255 required
  EmailDomain string 255 readonly
  IsPrimary boolean default=false
  ActiveFromDate date
  ActiveToDate date

object DataUsePurpose 0ZW DataUsePurposes owner
  Name string 255 required name
  Description textarea 255
  CanDataSubjectOptOut boolean default=true
"""

PERSON_ACCOUNT = """\
  IsPersonAccount boolean readonly
  PersonContactId reference Contact as=PersonContact readonly
  FirstName string 40
  LastName string 80
  Salutation picklist values=Mr.|Ms.|Mrs.|Dr.|Prof.
  address PersonMailing
  address PersonOther
  PersonMobilePhone phone
  PersonHomePhone phone
  PersonOtherPhone phone
  PersonAssistantName string 40
  PersonAssistantPhone phone
  PersonEmail email lookup
  PersonTitle string 80
  PersonDepartment string 80
  PersonLeadSource picklist values=Web|Phone_Inquiry|Partner_Referral|Purchased_List|Other
  PersonBirthdate date
  PersonHasOptedOutOfEmail boolean default=false
  PersonHasOptedOutOfFax boolean default=false
  PersonDoNotCall boolean default=false
  PersonEmailBouncedReason string 255
  PersonEmailBouncedDate datetime
  PersonIndividualId reference Individual as=PersonIndividual
"""

PERSON_CONTACT = "IsPersonAccount boolean readonly\n"
