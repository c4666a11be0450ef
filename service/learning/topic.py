"""A comment and its page as the model reads them: whose words count as the page's own."""

from sqlalchemy.orm import Session

from models import Comment, Thread
from models.spam import Document
from service.queries.lessons import first_comment_stands


def document_of(session: Session, comment: Comment) -> Document:
    """Return a stored comment and its page."""
    thread = session.get_one(Thread, comment.thread_id)
    return on_page(
        session, thread, Document(text=comment.text, author=comment.name, url=comment.website)
    )


def on_page(session: Session, thread: Thread | None, document: Document) -> Document:
    """Return a comment put on its page; None = nobody wrote there before."""
    if thread is None:
        return document
    return Document(
        text=document.text,
        author=document.author,
        url=document.url,
        title=title_of(session, thread),
        page_text=thread.page_text,
    )


def title_of(session: Session, thread: Thread) -> str:
    """Return the title whose words count as the page's: the owner's, else one vouched for.

    A title that a reader's browser sent is trusted once a person approved the comment it came
    with: a spammer would put his own words there, and words of the page are no evidence.
    """
    if thread.title or not thread.provisional_title:
        return thread.title
    return thread.provisional_title if first_comment_stands(session, thread) else ""
