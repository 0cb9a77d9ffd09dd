//! What a chart shows, as plain data: an experiment fills it in, `draw` makes SVG and PNG of it, the report embeds both.
//!
//! Titles say what is seen, not what was done; axes carry their unit. Nothing here draws.

/// One chart.
#[derive(Clone, Debug)]
pub(crate) struct Chart {
    /// File name without ending.
    pub(crate) stem: &'static str,
    /// What is seen, as a sentence with the figures that matter.
    pub(crate) title: String,
    /// Label of the x axis, with its unit.
    pub(crate) x_label: String,
    /// Label of the y axis, with its unit.
    pub(crate) y_label: String,
    /// What is drawn.
    pub(crate) kind: Kind,
}

/// The four ways in which an experiment's numbers are drawn.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Bars side by side: one group a label, one bar a series.
    Bars {
        /// Under the groups.
        groups: Vec<String>,
        /// One value a group.
        series: Vec<Series>,
        /// A horizontal line with its label (an ideal), and a band around it (noise).
        ideal: Option<Ideal>,
    },
    /// Lines over x.
    Lines {
        /// Shared by all series.
        x: Vec<f64>,
        /// One value an x.
        series: Vec<Series>,
        /// Per x the lowest and the highest, drawn as a band around the first series.
        spread: Option<Vec<(f64, f64)>>,
    },
    /// Areas stacked over x, with marks.
    Stack {
        /// Shared by all series.
        x: Vec<f64>,
        /// One value an x, stacked in this order.
        series: Vec<Series>,
        /// Vertical lines.
        marks: Vec<Mark>,
    },
    /// How often which value came.
    Histogram {
        /// Upper bounds of the buckets, ascending.
        bounds: Vec<f64>,
        /// As many as bounds.
        counts: Vec<u64>,
    },
}

/// Named values.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    /// In the legend.
    pub(crate) name: String,
    /// In the order of the groups or of x.
    pub(crate) values: Vec<f64>,
}

/// A horizontal line.
#[derive(Clone, Debug)]
pub(crate) struct Ideal {
    /// In the legend.
    pub(crate) label: String,
    /// Where.
    pub(crate) value: f64,
    /// Half the height of the band around it; 0: none.
    pub(crate) noise: f64,
}

/// A vertical line.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    /// Where on x.
    pub(crate) x: f64,
    /// Marks of one kind share label and colour.
    pub(crate) label: &'static str,
}
