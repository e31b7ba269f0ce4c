//! The stations' layout as the slot rule that `diqkd tags trials` reads.

use diqkd_core::Channel;
use diqkd_sim::hal::{StationLayout, Trigger, Window};
use serde_json::{Value, json};

use super::Format;

pub(super) fn json(layout: &StationLayout, format: Format) -> Value {
    let channel = |channel: Channel| format.channel(channel.0);
    let heralds: Vec<u16> = layout.channels.herald.into_iter().map(channel).collect();
    let settings = layout.channels.settings.map(channel);
    let detectors = layout.channels.detectors.map(channel);
    // Windows of an event-ready rule count from the herald.
    let (station, origin_ps, heralds_of_rounds) = match layout.trigger {
        Trigger::EventReady => ("event-ready", layout.herald_ps, heralds.clone()),
        Trigger::Clocked => ("clocked", 0, Vec::new()),
    };
    let window = |window: Window| [window.start_ps - origin_ps, window.end_ps - origin_ps];
    let side = json!({
        "heralds": heralds_of_rounds,
        "settings": settings,
        "detectors": detectors,
        "common": heralds,
    });
    json!({
        "station": station,
        "epoch_ps": layout.epoch_ps,
        "slot_period_ps": layout.slot_period_ps,
        "setting_window_ps": window(layout.setting_window),
        "detection_window_ps": window(layout.detection_window),
        "no_click": u8::from(layout.no_click.bit()),
        "multi_click": u8::from(layout.multi_click.bit()),
        "a": side,
        "b": side,
    })
}
