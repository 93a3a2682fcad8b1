"""Business records: the ones an erasure must not take along (reference §5)."""

from __future__ import annotations

_STAGES = "Prospecting|Qualification|Proposal/Price_Quote|Negotiation/Review|Closed_Won|Closed_Lost"

SALES = f"""\
object Case 500 Cases owner history
  CaseNumber string 30 auto name
  ContactId reference Contact as=Contact children=Cases
  AccountId reference Account as=Account children=Cases
  ParentId reference Case as=Parent children=Cases
  SuppliedName string 80
  SuppliedEmail email
  SuppliedPhone string 40
  SuppliedCompany string 80
  Type picklist values=Question|Problem|Feature_Request
  Status picklist required default=New values=New|Working|Escalated|Closed
  Reason picklist values=Installation|Performance|Billing|Other
  Origin picklist values=Email|Phone|Web
  Subject string 255
  Priority picklist default=Medium values=High|Medium|Low
  Description textarea 32000
  IsClosed boolean readonly
  ClosedDate datetime readonly
  IsEscalated boolean default=false
  Comments textarea 4000

object Opportunity 006 Opportunities owner history
  AccountId reference Account as=Account children=Opportunities cascade
  ContactId reference Contact as=Contact children=Opportunities once
  Name string 120 required name
  Description textarea 32000
  StageName picklist required values={_STAGES}
  Amount currency
  Probability percent
  CloseDate date required
  Type picklist values=Existing_Business|New_Business
  NextStep string 255
  LeadSource picklist values=Web|Phone_Inquiry|Partner_Referral|Purchased_List|Other
  IsClosed boolean readonly
  IsWon boolean readonly
  CampaignId reference Campaign as=Campaign children=Opportunities
  LastActivityDate date readonly

object OpportunityContactRole 00K OpportunityContactRoles share=OpportunityId|ContactId
  OpportunityId reference Opportunity as=Opportunity children=OpportunityContactRoles required once cascade
  ContactId reference Contact as=Contact children=OpportunityContactRoles required cascade
  Role picklist values=Business_User|Decision_Maker|Economic_Buyer|Evaluator|Influencer|Other
  IsPrimary boolean default=false

object Order 801 Orders owner history
  OrderNumber string 30 auto name
  AccountId reference Account as=Account children=Orders required cascade
  ContractId reference Contract as=Contract children=Orders
  OpportunityId reference Opportunity as=Opportunity children=Orders
  EffectiveDate date required
  EndDate date
  Status picklist required default=Draft values=Draft|Activated
  StatusCode picklist readonly values=Draft|Activated
  Description textarea 32000
  CustomerAuthorizedById reference Contact as=CustomerAuthorizedBy
  BillToContactId reference Contact as=BillToContact
  ShipToContactId reference Contact as=ShipToContact
  address Billing
  address Shipping
  Type picklist values=New|Renewal
  ActivatedDate datetime readonly
  TotalAmount currency readonly

object Contract 800 Contracts owner history
  ContractNumber string 30 auto name
  AccountId reference Account as=Account children=Contracts required cascade
  CustomerSignedId reference Contact as=CustomerSigned children=ContractsSigned
  CustomerSignedDate date
  CustomerSignedTitle string 40
  StartDate date
  EndDate date readonly
  ContractTerm int
  Status picklist required default=Draft values=Draft|In_Approval_Process|Activated
  StatusCode picklist readonly values=Draft|InApproval|Activated
  Description textarea 32000
  address Billing
  ActivatedDate datetime readonly
  LastActivityDate date readonly

object Campaign 701 Campaigns owner
  Name string 80 required name
  ParentId reference Campaign as=Parent children=ChildCampaigns
  Type picklist values=Conference|Webinar|Email|Telemarketing|Other
  Status picklist values=Planned|In_Progress|Completed|Aborted
  StartDate date
  EndDate date
  IsActive boolean default=false
  Description textarea 32000
  LastActivityDate date readonly

object CampaignMember 00v CampaignMembers share=CampaignId
  CampaignId reference Campaign as=Campaign children=CampaignMembers required once cascade
  LeadId reference Lead as=Lead children=CampaignMembers once cascade
  ContactId reference Contact as=Contact children=CampaignMembers once cascade
  Status picklist default=Sent values=Sent|Responded
  HasResponded boolean readonly
  FirstRespondedDate date readonly
  Name string 121 formula name
  FirstName string 40 formula
  LastName string 80 formula
  Title string 128 formula
  Street textarea 255 formula
  City string 40 formula
  State string 80 formula
  PostalCode string 20 formula
  Country string 80 formula
  Email email formula
  Phone phone formula
  Fax phone formula
  MobilePhone phone formula
  Description textarea 32000 formula
  DoNotCall boolean formula
  HasOptedOutOfEmail boolean formula
  HasOptedOutOfFax boolean formula
  LeadSource picklist formula
  CompanyOrAccount string 255 formula
  Type string 40 formula
  LeadOrContactId reference Contact|Lead readonly
"""
