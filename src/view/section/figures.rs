//! The reports that are single values.

use libchrony::{ReportName, Snapshot};

use super::{Cell, Content, Line, Made, made};
use crate::view::figure::Figure;
use crate::view::{activity, boxes, rtcdata, serverstats, smoothing, tracking};

pub(super) fn section(snapshot: &Snapshot, report: ReportName) -> Made {
    let given = Some(snapshot);
    let (missing, remark, figures) = match report {
        ReportName::Tracking => {
            let view = tracking::tracking(given);
            // The page shows these above all others.
            let boxes = boxes::boxes(given, snapshot.fetched_at);
            let figures = boxes.into_iter().chain(view.figures).collect();
            (view.missing, view.remark.map(str::to_owned), figures)
        }
        ReportName::Activity => {
            let view = activity::activity(given);
            (view.missing, None, view.figures)
        }
        ReportName::ServerStats => {
            let view = serverstats::serverstats(given, None);
            (view.missing, view.summary, view.figures)
        }
        ReportName::RtcData => {
            let view = rtcdata::rtcdata(given);
            (view.missing, None, view.figures)
        }
        ReportName::Smoothing => {
            let view = smoothing::smoothing(given);
            (view.missing, None, view.figures)
        }
        _ => return None,
    };
    let lines = figures.into_iter().map(line).collect();
    made(missing.as_ref(), remark.into_iter().collect(), Content::Lines(lines))
}

fn line(figure: Figure) -> Line {
    let judged = figure.health.word().map(|word| match &figure.normal {
        Some(normal) => {
            format!("{word} (n{})", normal.trim_start_matches('N').trim_end_matches('.'))
        }
        None => word.to_owned(),
    });
    let notes: Vec<_> = figure.note.into_iter().chain(judged).collect();
    Line {
        label: figure.label,
        value: Cell::standing(figure.value, figure.health),
        note: notes.join("; "),
    }
}
