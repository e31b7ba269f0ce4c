//! `diqkd node --check`: a configuration as it is understood.

use diqkd_node::{Config, site};
use serde_json::{Map, Value, json};

use crate::answer::{Answer, Failure};

pub(super) fn answer(config: &Config) -> Result<Answer, Failure> {
    let digest: String = config.digest().iter().map(|byte| format!("{byte:02x}")).collect();
    let understood = config.understood();
    let agreed: Vec<String> = config.agreed().into_iter().map(|(name, _)| name).collect();
    let mut text = format!("{} can be used\n", config.path.display());
    let mut fields = Map::new();
    for (name, value) in &understood {
        let mark = if agreed.contains(name) { "=" } else { " " };
        text.push_str(&format!("{mark} {name:<34} {value}\n"));
        fields.insert(name.clone(), Value::from(value.clone()));
    }
    text.push_str("Fields marked = must be the same at both sites.\n");
    text.push_str(&format!("digest of the agreed fields: {digest}\n"));
    let foreseen = site::foresee(&config.params)
        .map_err(|e| Failure::because("the parameters of the configuration can't be used", e))?;
    let blocks_covered = config.blocks_covered();
    let json = |key_bits: Option<u64>| {
        json!({
            "digest": digest, "fields": fields, "agreed": agreed, "key_bits": key_bits,
            "pad_bits_per_session": config.pad_bits_a_session(), "blocks_covered": blocks_covered,
        })
    };
    match foreseen {
        Ok(agreement) => {
            let key_bits = agreement.certificate.key_bits();
            if let Some(blocks) = blocks_covered {
                text.push_str(&format!(
                    "the budget of epsilon covers {blocks} blocks under one pre-shared key\n"
                ));
            }
            text.push_str(&format!(
                "an accepted block gives {key_bits} bits; a session takes {} bits of pre-shared key",
                config.pad_bits_a_session()
            ));
            Ok(Answer::new(text, json(Some(key_bits))))
        }
        Err(abort) => {
            text.push_str(&format!("no key from these parameters: {abort}"));
            Ok(Answer::refused(text, json(None), abort.reason(), [abort.observed(), abort.threshold()]))
        }
    }
}
