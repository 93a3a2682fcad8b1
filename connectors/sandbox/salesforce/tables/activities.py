"""Activities, notes and mails (reference §8)."""

from __future__ import annotations

_NOTED = "Account|Contact|Lead|Case|Opportunity|Contract|Campaign"
_WHAT = "Account|Opportunity|Campaign|Case|Order|Contract"

ACTIVITIES = f"""\
object Task 00T Tasks owner archive
  WhoId reference Contact|Lead as=Who children=Tasks
  WhatId reference {_WHAT} as=What children=Tasks
  Subject combobox 255 values=Call|Send_Letter|Send_Quote|Other
  ActivityDate date
  Status picklist required default=Not_Started values=Not_Started|In_Progress|Completed|Waiting_on_someone_else|Deferred
  Priority picklist required default=Normal values=High|Normal|Low
  IsHighPriority boolean readonly
  IsClosed boolean readonly
  IsArchived boolean readonly
  Description textarea 32000
  AccountId reference Account as=Account readonly
  TaskSubtype picklist once default=Task values=Task|Email|Call|ListEmail
  Type picklist values=Call|Email|Meeting|Other
  CallType picklist values=Internal|Inbound|Outbound
  CallDurationInSeconds int
  CallDisposition string 255
  CallObject string 255
  CompletedDateTime datetime readonly

object Event 00U Events owner archive
  WhoId reference Contact|Lead as=Who children=Events
  WhatId reference {_WHAT} as=What children=Events
  Subject combobox 255 values=Call|Email|Meeting|Other
  Location string 255
  IsAllDayEvent boolean default=false
  ActivityDateTime datetime
  ActivityDate date
  StartDateTime datetime
  EndDateTime datetime
  DurationInMinutes int
  Description textarea 32000
  AccountId reference Account as=Account readonly
  IsPrivate boolean default=false
  ShowAs picklist values=Busy|OutOfOffice|Free
  IsArchived boolean readonly
  EventSubtype picklist once default=Event values=Event

object Note 002 Notes owner
  ParentId reference {_NOTED} as=Parent children=Notes required once cascade
  Title string 80 required name
  IsPrivate boolean default=false
  Body textarea 32000

object Attachment 00P Attachments owner
  ParentId reference {_NOTED}|EmailMessage|Task|Event as=Parent children=Attachments required once cascade
  Name string 255 required name
  IsPrivate boolean default=false
  ContentType string 120
  BodyLength int readonly
  Body base64 required
  Description textarea 500

object EmailMessage 02s EmailMessages share=ParentId|RelatedToId
  ParentId reference Case as=Parent children=EmailMessages once cascade
  ActivityId reference Task as=Activity once
  RelatedToId reference {_WHAT} as=RelatedTo children=Emails
  TextBody textarea 32000
  HtmlBody textarea 131072
  Headers textarea 32000
  Subject string 3000
  FromName string 1000
  FromAddress email 1000
  ToAddress string 4000 nofilter
  CcAddress string 4000 nofilter
  BccAddress string 4000 nofilter
  Incoming boolean default=false
  HasAttachment boolean readonly
  Status picklist required default=5 values=0|1|2|3|4|5
  MessageDate datetime
  ReplyToEmailMessageId reference EmailMessage as=ReplyToEmailMessage
  IsExternallyVisible boolean default=false
  MessageIdentifier string 765
  ThreadIdentifier string 765
  IsClientManaged boolean default=false
  IsTracked boolean readonly
  IsOpened boolean readonly
  FirstOpenedDate datetime readonly
  LastOpenedDate datetime readonly
  IsBounced boolean readonly

object EmailMessageRelation 0Xz EmailMessageRelations share=EmailMessageId
  EmailMessageId reference EmailMessage as=EmailMessage children=EmailMessageRelations required once cascade
  RelationId reference Contact|Lead|User as=Relation children=EmailMessageRelations once
  RelationType picklist required once values=ToAddress|CcAddress|BccAddress|FromAddress|OtherAddress
  RelationObjectType picklist readonly values=Contact|Lead|User
  RelationAddress string 255 once

object TaskStatus 01J TaskStatuses setup nocreate noupdate nodelete nobulk
  MasterLabel string 255
  ApiName string 255 lookup
  SortOrder int
  IsDefault boolean
  IsClosed boolean
"""
