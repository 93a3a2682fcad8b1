"""Files and enhanced notes: a document, its versions, and the links that tie it to records (reference §5, §8)."""

from __future__ import annotations

_LINKED = (
    "Account|Contact|Lead|Case|Opportunity|Order|Contract|Campaign|Individual|Task|Event|EmailMessage|User|Organization"
)

CONTENT = f"""\
object ContentDocument 069 ContentDocuments owner nocreate
  Title string 255 required name
  FileType string 20 readonly
  FileExtension string 40 readonly
  ContentSize int readonly
  Description textarea 1000
  ParentId reference Account readonly
  PublishStatus picklist readonly values=P|R|U
  LatestPublishedVersionId reference ContentVersion as=LatestPublishedVersion readonly
  IsArchived boolean readonly
  ContentModifiedDate datetime readonly

object ContentVersion 068 ContentVersions owner nodelete
  ContentDocumentId reference ContentDocument as=ContentDocument children=ContentVersions once cascade
  IsLatest boolean readonly
  Title string 255 name
  Description textarea 1000
  PathOnClient string 500 once
  VersionData base64 once
  VersionNumber string 20 readonly
  ContentSize int readonly
  FileType string 20 readonly
  FileExtension string 40 readonly
  FirstPublishLocationId reference {_LINKED} as=FirstPublishLocation once
  Checksum string 50 readonly
  Origin picklist once default=C values=C|H
  ReasonForChange string 1000

object ContentNote 069 ContentNotes owner notes
  Title string 255 required name
  Content base64
  TextPreview string 255 readonly
  ContentSize int readonly
  FileType string 20 readonly
  FileExtension string 40 readonly
  LatestPublishedVersionId reference ContentVersion as=LatestPublishedVersion readonly
  IsReadOnly boolean readonly

object ContentDocumentLink 06A ContentDocumentLinks share=LinkedEntityId needs=LinkedEntityId|ContentDocumentId|Id
  ContentDocumentId reference ContentDocument as=ContentDocument children=ContentDocumentLinks required once cascade
  LinkedEntityId reference {_LINKED} as=LinkedEntity children=ContentDocumentLinks required once cascade
  ShareType picklist required restricted default=V values=V|C|I
  Visibility picklist restricted default=AllUsers values=AllUsers|InternalUsers|SharedUsers
"""
