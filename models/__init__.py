"""What we know: the tables. The spam model lives in models.spam and is not loaded from here."""

from models.akismet import AkismetMonth, ReportedExample
from models.api_key import ApiKey, ApiKeyKind, Scope
from models.audit import ActorKind, AuditEntry, AuditSeal
from models.base import Base
from models.comment import Comment, Contact, RateBucket, Status, SubmissionKey
from models.decision import Decision
from models.kept_answer import KeptAnswer
from models.learning import (
    Example,
    Job,
    JobKind,
    LabelWithdrawal,
    Lesson,
    ModelState,
    SiteModel,
    Trace,
    TraceKind,
)
from models.mail import Mail, MailKind, Subscription
from models.moderator import Invitation, KeyCheck, Membership, Moderator, Role, Setup
from models.notice import AtOnce, Digest, Fare, Notice, NoticeKind, Watch
from models.outbox import (
    OPEN_STATES,
    Attempt,
    Delivery,
    DeliveryState,
    Endpoint,
    EndpointKind,
    EndpointState,
    Event,
    EventCursor,
    EventHorizon,
    EventType,
    OldSecret,
    Origin,
    Outcome,
    ReplayJob,
    ReplayOnly,
)
from models.policy import Policy
from models.queue import Batch, CampaignMark, QueueCount, Revision
from models.rule import Rule, RuleKind, RuleVerdict
from models.sign_in import Authenticator, Passkey, PasswordReset, RecoveryCode, StaffSession
from models.site import PageAlias, Site, Thread

__all__ = [
    "OPEN_STATES",
    "ActorKind",
    "AkismetMonth",
    "ApiKey",
    "ApiKeyKind",
    "AtOnce",
    "Attempt",
    "AuditEntry",
    "AuditSeal",
    "Authenticator",
    "Base",
    "Batch",
    "CampaignMark",
    "Comment",
    "Contact",
    "Decision",
    "Delivery",
    "DeliveryState",
    "Digest",
    "Endpoint",
    "EndpointKind",
    "EndpointState",
    "Event",
    "EventCursor",
    "EventHorizon",
    "EventType",
    "Example",
    "Fare",
    "Invitation",
    "Job",
    "JobKind",
    "KeptAnswer",
    "KeyCheck",
    "LabelWithdrawal",
    "Lesson",
    "Mail",
    "MailKind",
    "Membership",
    "ModelState",
    "Moderator",
    "Notice",
    "NoticeKind",
    "OldSecret",
    "Origin",
    "Outcome",
    "PageAlias",
    "Passkey",
    "PasswordReset",
    "Policy",
    "QueueCount",
    "RateBucket",
    "RecoveryCode",
    "ReplayJob",
    "ReplayOnly",
    "ReportedExample",
    "Revision",
    "Role",
    "Rule",
    "RuleKind",
    "RuleVerdict",
    "Scope",
    "Setup",
    "Site",
    "SiteModel",
    "StaffSession",
    "Status",
    "SubmissionKey",
    "Subscription",
    "Thread",
    "Trace",
    "TraceKind",
    "Watch",
]
